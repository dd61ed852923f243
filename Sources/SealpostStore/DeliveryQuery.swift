public import SealpostCore

/// A question about a delivery. Its pointers are the caller's and good for the call.
public struct DeliveryQuery {
  /// The account.
  public var account: UnsafeRawBufferPointer
  /// The event's identity.
  public var eventID: UnsafeRawBufferPointer
  /// When the event happened, as the event says.
  public var triggeredAt: Timestamp
  /// The webhook's key.
  public var webhookKey: Int64
  /// The run.
  public var run: Int
  /// The number of the attempt that the message in hand asks for.
  public var attempt: Int

  /// Makes a question from its parts.
  public init(
    account: UnsafeRawBufferPointer, eventID: UnsafeRawBufferPointer, triggeredAt: Timestamp,
    webhookKey: Int64, run: Int, attempt: Int
  ) {
    self.account = account
    self.eventID = eventID
    self.triggeredAt = triggeredAt
    self.webhookKey = webhookKey
    self.run = run
    self.attempt = attempt
  }
}
