public import SealpostCore

/// A message to keep as rejected.
public struct RejectedDraft {
  /// The account that its header names, where it can be one.
  public var account: String?
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
    account: String? = nil, reason: String, detail: String, messageID: String?,
    body: UnsafeRawBufferPointer,
    receivedAt: Timestamp
  ) {
    self.account = account
    self.reason = reason
    self.detail = detail
    self.messageID = messageID
    self.body = body
    self.receivedAt = receivedAt
  }
}
