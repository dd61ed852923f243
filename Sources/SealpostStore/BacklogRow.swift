public import SealpostCore

/// A delivery for the backlog.
public struct BacklogRow {
  /// The index of its event in the batch.
  public var event: Int
  /// The webhook's key.
  public var webhookKey: Int64
  /// The run.
  public var run: Int
  /// The number of the attempt to make.
  public var attempt: Int
  /// When the run began.
  public var firstAttemptAt: Timestamp
  /// Why it is there.
  public var state: BacklogState
  /// The stable text of the reason.
  public var reason: String
  /// What began the run.
  public var trigger: AttemptTrigger
  /// Not before when it goes on by itself.
  public var dueAt: Timestamp

  /// Makes a row from its parts.
  public init(
    event: Int, webhookKey: Int64, run: Int, attempt: Int, firstAttemptAt: Timestamp,
    state: BacklogState, reason: String, trigger: AttemptTrigger = .event,
    dueAt: Timestamp = Timestamp(nanoseconds: 0)
  ) {
    self.event = event
    self.webhookKey = webhookKey
    self.run = run
    self.attempt = attempt
    self.firstAttemptAt = firstAttemptAt
    self.state = state
    self.reason = reason
    self.trigger = trigger
    self.dueAt = dueAt
  }
}
