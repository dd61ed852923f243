import SealpostCore

extension PostgresStore: EventLog {
  private static let joined = """
    SELECT a.*, e.account, e.id AS event_id, e.name AS event_name, w.id AS webhook_id,
      w.name AS webhook_name
    FROM attempts a JOIN events e ON e.day = a.day AND e.key = a.event
    JOIN webhooks w ON w.key = a.webhook
    """

  /// As `EventLog` says.
  public func attempts(_ filter: LogFilter) async throws(StoreError) -> [LogEntry] {
    try await read { connection in
      try connection.limited(to: filter.effort.time) { limit in
        guard let query = try PostgresLogQuery(filter, limit, connection) else { return [] }
        let rows = try query.rows(connection)
        return try rows.isEmpty
          ? []
          : connection.query(
            """
            \(Self.joined) JOIN unnest($1, $2) AS g (day, id) ON g.day = a.day AND g.id = a.id
            ORDER BY a.id \(filter.isAscending ? "ASC" : "DESC")
            """,
            [PostgresArray(rows.map(\.day)), PostgresArray(rows.map(\.id))]
          ).map(Self.entry)
      }
    }
  }

  /// As `EventLog` says.
  public func attempt(_ id: Int64) async throws(StoreError) -> LogEntry {
    try await read { connection in
      guard let row = try connection.query("\(Self.joined) WHERE a.id = $1", [id]).first else {
        throw StoreError.notFound("log entry \(id)")
      }
      return Self.entry(row)
    }
  }

  /// As `EventLog` says.
  public func eventBody(ofAttempt id: Int64) async throws(StoreError) -> [UInt8] {
    try await read { connection in
      let rows = try connection.query(
        """
        SELECT e.body FROM attempts a JOIN events e ON e.day = a.day AND e.key = a.event
        WHERE a.id = $1
        """, [id])
      guard let row = rows.first else { throw StoreError.notFound("log entry \(id)") }
      return row[0]
    }
  }

  /// As `EventLog` says.
  public func newRun(ofAttempt id: Int64) async throws(StoreError) -> Resend {
    try await write { connection in
      guard
        let row = try connection.query(
          """
          SELECT r.day, r.event, r.webhook, e.account, e.id AS event_id, e.name AS event_name, e.body,
            e.traceparent, w.id AS webhook_id, w.deleted_at, (SELECT revision FROM store_version) AS revision
          FROM attempts r JOIN events e ON e.day = r.day AND e.key = r.event
          JOIN webhooks w ON w.key = r.webhook WHERE r.id = $1
          """, [id]
        ).first
      else { throw StoreError.notFound("log entry \(id)") }
      guard row["deleted_at"] as Int64? == nil else {
        throw StoreError.notFound("webhook \(row["webhook_id"] as String): it was deleted")
      }
      let run = try Self.nextRun(
        day: row["day"], event: row["event"], webhook: row["webhook"], connection)
      return Resend(
        account: row["account"], eventID: row["event_id"], eventName: row["event_name"],
        body: row["body"], webhookID: row["webhook_id"], run: run, trigger: .manual,
        revision: row["revision"], traceparent: row["traceparent"])
    }
  }

  /// Takes the number of a new run for good, so that two who send the same again have different ones.
  static func nextRun(
    day: Int64, event: Int64, webhook: Int64, _ connection: PostgresConnection
  ) throws -> Int {
    try connection.run(takingRun(day: day, event: event, webhook: webhook))[0][0]
  }

  /// Takes the number of a new run.
  static func takingRun(day: Int64, event: Int64, webhook: Int64) -> PostgresStatement {
    // A test delivery begins with a run that is in no row of `runs`.
    PostgresStatement(
      """
      INSERT INTO runs (day, event, webhook, last) VALUES ($1, $2, $3, 1 + coalesce(
        (SELECT max(run) FROM attempts WHERE day = $1 AND event = $2 AND webhook = $3), 0))
      ON CONFLICT (day, event, webhook) DO UPDATE SET last = runs.last + 1 RETURNING last
      """, [day, event, webhook])
  }

  private static func entry(_ row: PostgresRow) -> LogEntry {
    func time(_ column: String) -> Timestamp? {
      (row[column] as Int64?).map { Timestamp(nanoseconds: $0) }
    }
    let headers: [UInt8]? = row["response_headers"]
    return LogEntry(
      id: row["id"], account: row["account"], eventID: row["event_id"],
      eventName: row["event_name"],
      webhookID: row["webhook_id"], webhookName: row["webhook_name"], run: row["run"],
      number: row["number"], trigger: AttemptTrigger(rawValue: row["trigger"]) ?? .event,
      url: row["url"], sentAt: Timestamp(nanoseconds: row["sent_at"]),
      receivedAt: time("received_at"),
      timings: AttemptTimings(
        dns: row["dns"], connect: row["connect"], tls: row["tls"], firstByte: row["first_byte"],
        total: row["total"]),
      remoteAddress: row["remote_address"], status: row["status"],
      outcome: AttemptOutcome(rawValue: row["outcome"]) ?? .retry,
      reason: (row["reason"] as Int?).flatMap { AttemptReason(code: $0) },
      nextAttemptAt: time("next_attempt_at"),
      response: headers.map {
        ResponseExcerpt(headers: $0, body: row["response_body"] ?? [])
      })
  }
}
