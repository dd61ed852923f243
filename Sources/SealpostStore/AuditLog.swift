public import SealpostCore

/// Keeps who did what.
public protocol AuditLog: Sendable {
  /// This store, whose changes add the entry too, in the same transaction: both are kept or neither.
  func noting(_ entry: AuditEntry) -> Self
  /// Adds an entry.
  func append(_ entry: AuditEntry) async throws(StoreError)
  /// Entries of one account or of all, newest first; with `before`, those older than the entry of that id.
  func audit(account: String?, before: Int64?, limit: Int) async throws(StoreError) -> [AuditEntry]
  /// Removes what is older, the oldest `slice` at most; how many entries that were.
  func pruneAudit(olderThan limit: Timestamp, slice: Int) async throws(StoreError) -> Int
}
