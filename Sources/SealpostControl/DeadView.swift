import SealpostCore
public import SealpostStore

/// A row of the backlog as JSON.
public struct DeadView: Encodable, Sendable {
  let id: Int64
  let account, eventId, event, webhookId, webhook, state, reason, since: String
  let run, attempt: Int

  /// The view of a row.
  public init(_ row: BacklogEntry) {
    id = row.id
    account = row.account
    eventId = row.eventID
    event = row.eventName
    webhookId = row.webhookID
    webhook = row.webhookName
    state = row.state.rawValue
    reason = row.reason
    since = row.createdAt.iso8601
    run = row.run
    attempt = row.attempt
  }
}
