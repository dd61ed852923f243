/// Messages that were no valid events, with their bytes.
public protocol RejectedMessages: Sendable {
  /// The newest, newest first.
  func rejected(limit: Int) async throws(StoreError) -> [RejectedEntry]
  /// One.
  func rejected(_ id: Int64) async throws(StoreError) -> RejectedEntry
  /// Removes one.
  func removeRejected(_ id: Int64) async throws(StoreError)
}
