public import SealpostCore

/// Reads the event log.
public protocol EventLog: Sendable {
  /// Rows that match, in the order that the filter asks for.
  func attempts(_ filter: LogFilter) async throws(StoreError) -> [LogEntry]
  /// One row.
  func attempt(_ id: Int64) async throws(StoreError) -> LogEntry
  /// The bytes of the event that a row is of.
  func eventBody(ofAttempt id: Int64) async throws(StoreError) -> [UInt8]
  /// A new run of the delivery that a row is of, its number taken for good.
  func newRun(ofAttempt id: Int64) async throws(StoreError) -> Resend
  /// Removes a slice of what is older than the retention; how many rows that were.
  func prune(olderThan limit: Timestamp, slice: Int) async throws(StoreError) -> Int
}
