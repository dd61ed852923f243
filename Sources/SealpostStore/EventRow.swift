public import SealpostCore

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
  /// The trace that it is part of (W3C Trace Context); nil where it brought none.
  public var traceparent: UnsafeRawBufferPointer?

  /// Makes a row from its parts.
  public init(
    account: UnsafeRawBufferPointer, id: UnsafeRawBufferPointer, name: UnsafeRawBufferPointer,
    body: UnsafeRawBufferPointer, triggeredAt: Timestamp, receivedAt: Timestamp,
    traceparent: UnsafeRawBufferPointer? = nil
  ) {
    self.account = account
    self.id = id
    self.name = name
    self.body = body
    self.triggeredAt = triggeredAt
    self.receivedAt = receivedAt
    self.traceparent = traceparent
  }
}
