/// Deliveries that wait in the store.
public protocol Backlog: Sendable {
  /// Rows that match, oldest first.
  func backlog(_ filter: BacklogFilter) async throws(StoreError) -> [BacklogEntry]
  /// One row.
  func backlog(_ id: Int64) async throws(StoreError) -> BacklogEntry
  /// How many deliveries of an account's webhooks, or of all, are in each state, counted up to a limit.
  func backlogCounts(account: String?, upTo limit: Int) async throws(StoreError)
    -> [BacklogState: Int]
  /// Lets an ended delivery go on, as a new run, at the pace of what waits. Durable when this returns.
  func revive(_ id: Int64) async throws(StoreError)
  /// Removes a row.
  func removeBacklog(_ id: Int64) async throws(StoreError)
}
