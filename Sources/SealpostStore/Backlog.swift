/// Deliveries that wait in the store.
public protocol Backlog: Sendable {
  /// Rows of the given states, oldest first.
  func backlog(states: [BacklogState], limit: Int) async throws(StoreError) -> [BacklogEntry]
  /// A new run of the delivery of a row, its number taken for good. The row stays until it is removed.
  func newRun(ofBacklog id: Int64) async throws(StoreError) -> Resend
  /// Removes a row.
  func removeBacklog(_ id: Int64) async throws(StoreError)
}
