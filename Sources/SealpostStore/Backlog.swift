public import SealpostCore

/// Deliveries that wait in the store.
public protocol Backlog: Sendable {
  /// Rows of a state, or all, oldest first.
  func backlog(state: BacklogState?, limit: Int) async throws(StoreError) -> [BacklogEntry]
  /// A new run of the delivery of a row, its number taken for good. The row stays until it is removed.
  func newRun(ofBacklog id: Int64) async throws(StoreError) -> Resend
  /// Removes a row.
  func removeBacklog(_ id: Int64) async throws(StoreError)
}

/// A row of the backlog with what it refers to.
public struct BacklogEntry: Sendable {
  /// Its number.
  public var id: Int64
  /// The account.
  public var account: String
  /// The event's identity.
  public var eventID: String
  /// The event's name.
  public var eventName: String
  /// The webhook's identity.
  public var webhookID: String
  /// The webhook's name.
  public var webhookName: String
  /// The run.
  public var run: Int
  /// The number of the attempt that was or would be next.
  public var attempt: Int
  /// Why it is there.
  public var state: BacklogState
  /// The stable text of the reason.
  public var reason: String
  /// Since when.
  public var createdAt: Timestamp
}
