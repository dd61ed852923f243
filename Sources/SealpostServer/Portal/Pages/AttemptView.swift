import SealpostCore
import SealpostStore

/// A row of the event log in a table.
struct AttemptView {
  let rowID: Int64
  let outcome: StateView
  let answer, eventName, eventID, webhookName, webhookPath: String
  let accountName: String?
  let attempt, trigger, duration: String
  let sentAt: TimeView
  let showsWebhook: Bool

  init(_ row: LogEntry, showsWebhook: Bool, showsAccount: Bool) {
    rowID = row.id
    outcome = StateView(row.outcome)
    answer = Self.answer(row)
    eventName = row.eventName
    eventID = row.eventID
    webhookName = row.webhookName
    webhookPath = "/webhooks/\(row.webhookID)"
    accountName = showsAccount ? row.account : nil
    attempt = "\(row.number)"
    trigger = Self.trigger(row)
    duration = row.timings.total == 0 ? "–" : spokenMicroseconds(row.timings.total)
    sentAt = TimeView(row.sentAt)
    self.showsWebhook = showsWebhook
  }

  /// The status code, or why there is none.
  static func answer(_ row: LogEntry) -> String {
    row.status > 0 ? "\(row.status)" : (row.reason?.id ?? "no answer")
  }

  /// Why the attempt was made.
  static func trigger(_ row: LogEntry) -> String {
    switch row.trigger {
    case .event: "event"
    case .retry: row.run == 0 ? "retry" : "retry, run \(row.run)"
    case .manual: "resend, run \(row.run)"
    case .replay: "replay, run \(row.run)"
    case .test: "test"
    }
  }
}
