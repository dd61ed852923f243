public import SealpostCore

/// A rejected message.
public struct RejectedEntry: Sendable {
  /// Its number.
  public var id: Int64
  /// The account that its header named; nil where it named none that can be one.
  public var account: String?
  /// The stable text of the reason.
  public var reason: String
  /// What is wrong, for people.
  public var detail: String
  /// Its identity, where it had one.
  public var messageID: String?
  /// The bytes.
  public var body: [UInt8]
  /// When it came.
  public var receivedAt: Timestamp
}
