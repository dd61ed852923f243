public import SealpostCore

/// Reads the event log.
public protocol EventLog: Sendable {
  /// Rows that match, newest first; with `after` the oldest of those that came later, oldest first.
  func attempts(_ filter: LogFilter) async throws(StoreError) -> [LogEntry]
  /// One row.
  func attempt(_ id: Int64) async throws(StoreError) -> LogEntry
  /// A new run of the delivery that a row is of, its number taken for good.
  func newRun(ofAttempt id: Int64) async throws(StoreError) -> Resend
  /// Removes a slice of what is older than the retention; how many rows that were.
  func prune(olderThan limit: Timestamp, slice: Int) async throws(StoreError) -> Int
}

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

/// A delivery that is to be sent again, as a new run.
public struct Resend: Sendable {
  /// The account.
  public var account: String
  /// The event's identity.
  public var eventID: String
  /// The event's name.
  public var eventName: String
  /// The bytes.
  public var body: [UInt8]
  /// The webhook's identity.
  public var webhookID: String
  /// The run.
  public var run: Int
  /// The store's revision.
  public var revision: Int64
}
