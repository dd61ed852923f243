/// Messages that were no valid events, with their bytes.
public protocol RejectedMessages: Sendable {
  /// The newest of one account or of all, newest first; with `before`, those older than that one.
  func rejected(account: String?, before: Int64?, limit: Int) async throws(StoreError)
    -> [RejectedEntry]
  /// One.
  func rejected(_ id: Int64) async throws(StoreError) -> RejectedEntry
  /// Removes one.
  func removeRejected(_ id: Int64) async throws(StoreError)
}
