public import SealpostCore

/// Which rows of the log, in the order of their ids.
public struct LogFilter: Sendable {
  /// Of this account.
  public var account: String?
  /// Of this webhook's identity.
  public var webhook: String?
  /// Of this event's identity.
  public var event: String?
  /// Of this event's name.
  public var eventName: String?
  /// With this outcome.
  public var outcome: AttemptOutcome?
  /// With this reason.
  public var reason: AttemptReason?
  /// Made for this reason.
  public var trigger: AttemptTrigger?
  /// With a status code in this range; 0 is none.
  public var status: ClosedRange<Int>?
  /// Without this status code.
  public var otherStatus: Int?
  /// Sent at that time or later.
  public var sentFrom: Timestamp?
  /// Sent before that time.
  public var sentBefore: Timestamp?
  /// Not sent long before that time, give or take some minutes: how far back is looked at all.
  public var window: Timestamp?
  /// Whether the oldest come first.
  public var isAscending = false
  /// Behind the row of this id, in the order asked for.
  public var after: Int64?
  /// How many to leave out.
  public var offset = 0
  /// How many at most.
  public var limit = 20
  /// How much work the store may do for it.
  public var effort = QueryEffort.people

  /// The newest rows.
  public init() {}
}
