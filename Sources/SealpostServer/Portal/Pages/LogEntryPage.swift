import SealpostControl
import SealpostCore
import SealpostStore

/// What the page of an attempt shows: what was sent, what came back, how long it took, and what follows.
struct LogEntryPage {
  /// Another attempt of the same delivery, or this one.
  struct Sibling {
    let siblingID: Int64
    let number, siblingTrigger, siblingAnswer, why: String
    let siblingOutcome: StateView
    let siblingAt: TimeView
    let siblingNext: TimeView?
    let isThis: Bool
  }

  private static let shownBytes = 64 << 10
  private static let mostSiblings = 100

  let entryID: Int64
  let eventName, eventID, webhookName, webhookPath, url, answer, attempt, trigger, address: String
  let outcome: StateView
  let explanation, nextText: String
  let nextAt: TimeView?
  let sentAt: TimeView
  let receivedAt: TimeView?
  let parts: [TimingPart]
  let hasTimings, isReused: Bool
  let total: String
  let siblings: [Sibling]
  let requestHead, requestBody: String
  let isBodyCut: Bool
  let responseHead, responseBody, responseNote: String?

  init(_ detail: ControlPlane.LogDetail, _ visit: PortalVisit) async throws {
    let row = detail.entry
    entryID = row.id
    eventName = row.eventName
    eventID = row.eventID
    webhookName = row.webhookName
    webhookPath = "/webhooks/\(row.webhookID)"
    url = row.url.isEmpty ? "no request was made" : row.url
    answer = AttemptView.answer(row)
    attempt = "\(row.number)"
    trigger = AttemptView.trigger(row)
    address = row.remoteAddress ?? "–"
    outcome = StateView(row.outcome)
    explanation = Self.explanation(row)
    let isDue = row.nextAttemptAt.map { $0 > .now() } ?? false
    nextText = isDue ? "The next attempt is due" : "The next attempt was due"
    nextAt = row.nextAttemptAt.map { TimeView($0) }
    sentAt = TimeView(row.sentAt)
    receivedAt = row.receivedAt.map { TimeView($0) }
    parts = TimingPart.all(of: row.timings)
    hasTimings = row.timings.total > 0
    isReused = hasTimings && row.timings.connect == 0
    total = spokenMicroseconds(row.timings.total)
    requestHead = Self.head(row)
    requestBody = ShownText.text(detail.body.prefix(Self.shownBytes))
    isBodyCut = detail.body.count > Self.shownBytes
    responseHead = row.response.flatMap { $0.headers.isEmpty ? nil : ShownText.text($0.headers) }
    responseBody = row.response.flatMap { $0.body.isEmpty ? nil : ShownText.text($0.body) }
    responseNote = Self.note(row)
    siblings = try await Self.siblings(row, visit)
  }

  private static func explanation(_ row: LogEntry) -> String {
    let reason = row.reason?.sentence ?? ""
    switch row.outcome {
    case .delivered: return "The receiver took it."
    case .retry: return "\(reason) It is tried again."
    case .gone: return "\(reason) That ends the delivery, and the webhook is switched off."
    case .blocked: return "\(reason) It is not tried again."
    case .discarded: return reason
    case .exhausted: return "\(reason) Its attempts are used up: it is among the dead deliveries."
    case .expired: return "It waited for too long, and is not sent any more."
    }
  }

  /// The request as far as the log knows it.
  private static func head(_ row: LogEntry) -> String {
    guard let url = try? WebhookURL(parsing: row.url) else { return "no request was made" }
    return """
      POST \(url.target)
      Host: \(url.host)
      Content-Type: application/json; charset=utf-8
      Webhook-Id: \(row.eventID)
      Webhook-Timestamp: \(row.sentAt.seconds)
      Webhook-Event: \(row.eventName)
      Webhook-Attempt: \(row.number)
      Webhook-Signature: (not kept in the log)
      """
  }

  private static func note(_ row: LogEntry) -> String? {
    if row.response == nil {
      if row.status == 0 { return "Nothing came back. \(row.reason?.sentence ?? "")" }
      return "Status \(row.status). Of answers that deliver nothing more is kept."
    }
    return row.response?.body.isEmpty == true ? "The answer had no body." : nil
  }

  private static func siblings(_ row: LogEntry, _ visit: PortalVisit) async throws -> [Sibling] {
    var filter = LogFilter()
    filter.account = row.account
    filter.webhook = row.webhookID
    filter.event = row.eventID
    filter.sentFrom = row.sentAt + .seconds(-7 * 86400)
    filter.isAscending = true
    filter.limit = mostSiblings
    return try await visit.control.log(filter, by: visit.principal).map { other in
      Sibling(
        siblingID: other.id,
        number: other.run == 0 ? "\(other.number)" : "\(other.run).\(other.number)",
        siblingTrigger: AttemptView.trigger(other), siblingAnswer: AttemptView.answer(other),
        why: other.reason?.sentence ?? "", siblingOutcome: StateView(other.outcome),
        siblingAt: TimeView(other.sentAt), siblingNext: other.nextAttemptAt.map { TimeView($0) },
        isThis: other.id == row.id)
    }
  }
}
