public import SealpostCore

/// Messages that were no valid events, with their bytes.
public protocol RejectedMessages: Sendable {
  /// The newest, newest first.
  func rejected(limit: Int) async throws(StoreError) -> [RejectedEntry]
  /// One.
  func rejected(_ id: Int64) async throws(StoreError) -> RejectedEntry
  /// Removes one.
  func removeRejected(_ id: Int64) async throws(StoreError)
}

/// A rejected message.
public struct RejectedEntry: Sendable {
  /// Its number.
  public var id: Int64
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
