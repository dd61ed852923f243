public import SealpostCore

/// A row of the log with what it refers to.
public struct LogEntry: Sendable {
  /// Its number, rising.
  public var id: Int64
  /// The account.
  public var account: String
  /// The event's identity.
  public var eventID: String
  /// The event's name.
  public var eventName: String
  /// The webhook's identity.
  public var webhookID: String
  /// The webhook's name.
  public var webhookName: String
  /// The run.
  public var run: Int
  /// The number of the attempt.
  public var number: Int
  /// Why it was made.
  public var trigger: AttemptTrigger
  /// Where the request went.
  public var url: String
  /// When.
  public var sentAt: Timestamp
  /// When the answer was complete, or there was none to wait for any more.
  public var receivedAt: Timestamp?
  /// How long it took.
  public var timings: AttemptTimings
  /// The address.
  public var remoteAddress: String?
  /// The status code, 0 for none.
  public var status: Int
  /// What it came to.
  public var outcome: AttemptOutcome
  /// Why.
  public var reason: AttemptReason?
  /// When the next attempt is due.
  public var nextAttemptAt: Timestamp?
  /// The beginning of the answer, for failures.
  public var response: ResponseExcerpt?
}
