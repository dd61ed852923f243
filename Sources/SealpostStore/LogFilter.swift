public import SealpostCore

/// Which rows of the log.
public struct LogFilter: Sendable {
  /// Of this account.
  public var account: String?
  /// Of this webhook.
  public var webhook: String?
  /// Of this event's identity.
  public var event: String?
  /// With this outcome.
  public var outcome: AttemptOutcome?
  /// After the row of this id.
  public var after: Int64?
  /// How many at most.
  public var limit = 20

  /// Every row.
  public init() {}
}
