import SealpostCore
public import SealpostStore

/// A replay as JSON.
public struct ReplayView: Encodable, Sendable {
  let id, account, webhookId, since, until: String
  let outcome, event: String?
  let rate: Int?
  let state: String
  let expected, queued: Int
  let createdAt: String
  let endedAt: String?

  /// The view of a replay.
  public init(_ replay: Replay) {
    id = replay.id
    account = replay.account
    webhookId = replay.webhookID
    since = replay.selection.since.iso8601
    until = replay.selection.until.iso8601
    outcome = replay.selection.outcome?.name
    event = replay.selection.eventName
    rate = replay.rate
    state = replay.state.rawValue
    expected = replay.expected
    queued = replay.queued
    createdAt = replay.createdAt.iso8601
    endedAt = replay.endedAt?.iso8601
  }
}
