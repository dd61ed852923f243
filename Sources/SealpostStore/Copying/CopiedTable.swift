/// A table as it is copied from one engine to the other.
struct CopiedTable {
  /// What a column holds.
  enum Kind {
    case number, text, bytes, flag
    /// The day of the event, which SQLite has no column for: the time at which it happened, here.
    case day
  }

  let name: String
  let columns: [(name: String, kind: Kind)]
  /// What its rows are of, where they refer to an event by its key.
  let isOfEvents: Bool
  /// The column whose numbers the target goes on with.
  let counter: String?

  private init(
    _ name: String, numbers: String = "", texts: String = "", bytes: String = "",
    flags: String = "", isOfEvents: Bool = false, counter: String? = nil
  ) {
    func columns(_ names: String, _ kind: Kind) -> [(name: String, kind: Kind)] {
      names.split(separator: " ").map { (String($0), kind) }
    }
    self.name = name
    self.columns =
      (isOfEvents ? [("day", .day)] : []) + columns(numbers, .number) + columns(texts, .text)
      + columns(bytes, .bytes) + columns(flags, .flag)
    self.isOfEvents = isOfEvents
    self.counter = counter
  }

  /// All tables but `store_version`, which every store has a row of, and `leases`, which end by themselves.
  static let all = [
    CopiedTable(
      "webhooks",
      numbers:
        "key overlap_until timeout health_since revision created_at updated_at deleted_at purged_at client_expires_at",
      texts: "id account name url scheme token_key events retry health client_chain client_subject",
      bytes: "token previous_token sealed_headers client_key", flags: "active paused",
      counter: "key"),
    CopiedTable(
      "events", numbers: "key hash triggered_at received_at", texts: "account id name traceparent",
      bytes: "body", isOfEvents: true, counter: "key"),
    CopiedTable(
      "attempts",
      numbers:
        "id event webhook run number trigger sent_at received_at dns connect tls first_byte total status outcome reason next_attempt_at",
      texts: "url remote_address", bytes: "response_headers response_body", isOfEvents: true,
      counter: "id"),
    CopiedTable(
      "backlog",
      numbers:
        "id event webhook run attempt first_attempt_at trigger created_at due_at generation",
      texts: "state reason", isOfEvents: true, counter: "id"),
    CopiedTable("runs", numbers: "event webhook last", isOfEvents: true),
    CopiedTable(
      "rejected", numbers: "id received_at", texts: "account reason detail message_id",
      bytes: "body", counter: "id"),
    CopiedTable("suspects", numbers: "since", texts: "message worker", flags: "alone"),
    CopiedTable(
      "notices", numbers: "id webhook created_at published_at", texts: "account kind traceparent",
      bytes: "body", counter: "id"),
    CopiedTable(
      "api_tokens", numbers: "created_at expires_at revoked_at", texts: "id name account scopes",
      bytes: "hash"),
    CopiedTable(
      "audit", numbers: "id at", texts: "account actor action subject detail", counter: "id"),
    CopiedTable(
      "idempotency", numbers: "status created_at", texts: "owner key", bytes: "request body"),
    CopiedTable(
      "replays",
      numbers:
        "key webhook since until rate position newest expected queued paced_at created_at ended_at",
      texts: "id outcome event_name state", counter: "key"),
  ]
}
