public import SealpostCore

/// What the recorder and other threads of the worker need of a store. Every function blocks: call none
/// from the cooperative pool.
public protocol RecordingStore: Sendable {
  /// Writes a batch in one transaction: all of it is durable, or nothing is.
  ///
  /// - Parameter verdicts: filled with one verdict for each attempt.
  func record(_ batch: borrowing RecordBatch, verdicts: inout [RecordVerdict]) throws(StoreError)

  /// How far deliveries have come, one answer for each.
  func progress(of deliveries: [DeliveryQuery]) throws(StoreError) -> [DeliveryProgress]

  /// Notes that a worker tries a message alone.
  func beginSuspect(messageKey: String, worker: String) throws(StoreError) -> SuspectVerdict

  /// Forgets the note.
  func endSuspect(messageKey: String) throws(StoreError)

  /// Keeps messages that are no valid events.
  func keepRejected(_ messages: [RejectedDraft]) throws(StoreError)
}

/// A question about a delivery. Its pointers are the caller's and good for the call.
public struct DeliveryQuery {
  /// The account.
  public var account: UnsafeRawBufferPointer
  /// The event's identity.
  public var eventID: UnsafeRawBufferPointer
  /// The webhook's key.
  public var webhookKey: Int64
  /// The run.
  public var run: Int
  /// The number of the attempt that the message in hand asks for.
  public var attempt: Int

  /// Makes a question from its parts.
  public init(
    account: UnsafeRawBufferPointer, eventID: UnsafeRawBufferPointer, webhookKey: Int64, run: Int,
    attempt: Int
  ) {
    self.account = account
    self.eventID = eventID
    self.webhookKey = webhookKey
    self.run = run
    self.attempt = attempt
  }
}

/// How far a delivery has come.
public enum DeliveryProgress: Hashable, Sendable {
  /// That attempt was not made.
  case unknown
  /// That attempt failed and the next one is not in the log: its retry may never have been published.
  case retryPending(dueAt: Timestamp)
  /// A later attempt was made.
  case superseded
  /// The delivery has ended.
  case ended
  /// The delivery is in the backlog.
  case parked
}

/// Whether a message that may have killed a worker may be tried.
public enum SuspectVerdict: Hashable, Sendable {
  /// The note is written: try it.
  case taken
  /// Another worker wrote one and never took it back: it died trying.
  case leftBehind(worker: String)
}

/// A message to keep as rejected.
public struct RejectedDraft {
  /// The stable text of the reason.
  public var reason: String
  /// What is wrong, for people.
  public var detail: String
  /// Its identity, where it had one.
  public var messageID: String?
  /// The bytes. The caller's, and good for the call.
  public var body: UnsafeRawBufferPointer
  /// When it came.
  public var receivedAt: Timestamp

  /// Makes a draft from its parts.
  public init(
    reason: String, detail: String, messageID: String?, body: UnsafeRawBufferPointer,
    receivedAt: Timestamp
  ) {
    self.reason = reason
    self.detail = detail
    self.messageID = messageID
    self.body = body
    self.receivedAt = receivedAt
  }
}
