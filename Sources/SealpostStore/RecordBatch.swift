public import SealpostCore

/// Rows for one transaction of the recorder. Its pointers are the caller's and good for the call.
public struct RecordBatch {
  /// The events that the other rows are of. One may be there twice.
  public var events: [EventRow] = []
  /// The attempts.
  public var attempts: [AttemptRow] = []
  /// Deliveries for the backlog that no attempt of this batch brings there.
  public var backlog: [BacklogRow] = []

  /// An empty batch.
  public init() {}

  /// Adds the rows of another batch.
  public mutating func append(_ other: RecordBatch) {
    let offset = events.count
    events += other.events
    for var row in other.attempts {
      row.event += offset
      attempts.append(row)
    }
    for var row in other.backlog {
      row.event += offset
      backlog.append(row)
    }
  }
}

/// An event as it came.
public struct EventRow {
  /// The account.
  public var account: UnsafeRawBufferPointer
  /// The identity.
  public var id: UnsafeRawBufferPointer
  /// The name.
  public var name: UnsafeRawBufferPointer
  /// The bytes.
  public var body: UnsafeRawBufferPointer
  /// When it happened.
  public var triggeredAt: Timestamp
  /// When it came in.
  public var receivedAt: Timestamp

  /// Makes a row from its parts.
  public init(
    account: UnsafeRawBufferPointer, id: UnsafeRawBufferPointer, name: UnsafeRawBufferPointer,
    body: UnsafeRawBufferPointer, triggeredAt: Timestamp, receivedAt: Timestamp
  ) {
    self.account = account
    self.id = id
    self.name = name
    self.body = body
    self.triggeredAt = triggeredAt
    self.receivedAt = receivedAt
  }
}

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

/// The beginning of an answer.
public struct ResponseExcerpt: Hashable, Sendable {
  /// Status line and headers.
  public var headers: [UInt8]
  /// Body.
  public var body: [UInt8]

  /// Makes an excerpt from its parts.
  public init(headers: [UInt8], body: [UInt8]) {
    self.headers = headers
    self.body = body
  }
}

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

  /// Makes a row from its parts.
  public init(
    event: Int, webhookKey: Int64, run: Int, attempt: Int, firstAttemptAt: Timestamp,
    state: BacklogState, reason: String
  ) {
    self.event = event
    self.webhookKey = webhookKey
    self.run = run
    self.attempt = attempt
    self.firstAttemptAt = firstAttemptAt
    self.state = state
    self.reason = reason
  }
}

/// Why a delivery is in the backlog.
public enum BacklogState: String, Sendable, CaseIterable {
  /// Its webhook takes no deliveries now.
  case parked
  /// Its attempts or its four days are used up.
  case exhausted
}

/// What became of an attempt's row.
public enum RecordVerdict: Hashable, Sendable {
  /// It is in the log.
  case inserted
  /// The log had this attempt of this delivery already: whoever asks is the second copy.
  case duplicate
}
