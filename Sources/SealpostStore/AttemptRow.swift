public import SealpostCore

/// One row of the event log.
public struct AttemptRow {
  /// The index of its event in the batch.
  public var event: Int
  /// The webhook's key.
  public var webhookKey: Int64
  /// The run.
  public var run: Int
  /// The attempt's number in the run, from 1.
  public var number: Int
  /// Why it was made.
  public var trigger: AttemptTrigger
  /// Where the request went; empty where none was made.
  public var url: String
  /// When the request went out, or when it was decided that none does.
  public var sentAt: Timestamp
  /// When the run began.
  public var firstAttemptAt: Timestamp
  /// Whether it says something about the webhook's health; notices do not.
  public var countsForHealth = true
  /// Whether the webhook was not well when the attempt was made, so that a success tells something.
  public var wasUnwell = false
  /// Whether the delivery was put into the backlog while its request was under way: its end takes it out of
  /// there, unless it is to be tried again.
  public var isInBacklog = false
  /// When the answer was complete, or there was none to wait for any more.
  public var receivedAt: Timestamp?
  /// How long the request took.
  public var timings = AttemptTimings()
  /// The address that was dialled.
  public var remoteAddress: String?
  /// The status code, 0 for none.
  public var status = 0
  /// What it came to. `exhausted` puts the delivery into the backlog with the row.
  public var outcome = AttemptOutcome.delivered
  /// Why, for all but delivered.
  public var reason: AttemptReason?
  /// When the next attempt is due.
  public var nextAttemptAt: Timestamp?
  /// The beginning of the answer, for failures.
  public var response: ResponseExcerpt?

  /// Makes a row with what is known before the answer.
  public init(
    event: Int, webhookKey: Int64, run: Int, number: Int, trigger: AttemptTrigger, url: String,
    sentAt: Timestamp, firstAttemptAt: Timestamp
  ) {
    self.event = event
    self.webhookKey = webhookKey
    self.run = run
    self.number = number
    self.trigger = trigger
    self.url = url
    self.sentAt = sentAt
    self.firstAttemptAt = firstAttemptAt
  }
}
