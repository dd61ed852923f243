/// How much of one kind an account has.
public struct AccountHolding: Hashable, Sendable {
  /// What it is, in the plural.
  public var kind: String
  /// How many rows.
  public var count: Int

  /// Makes one from its parts.
  public init(kind: String, count: Int) {
    self.kind = kind
    self.count = count
  }
}

/// How far the removal of an account has come.
public struct RemovalProgress: Sendable {
  /// Where the next step begins; nil at the end.
  public var position: Int64?
  /// How many rows this step removed.
  public var removed: Int
  /// How much of all rows was looked at, 0 to 1.
  public var share: Double

  /// Makes progress from its parts.
  public init(position: Int64?, removed: Int, share: Double) {
    self.position = position
    self.removed = removed
    self.share = share
  }
}

/// Removes accounts with all that they have.
public protocol AccountStore: Sendable {
  /// How much an account has, kind by kind.
  func holdings(of account: String) async throws(StoreError) -> [AccountHolding]
  /// Deletes the account's webhooks and ends its tokens and replays, at once. Deliveries of these webhooks that
  /// come out of the broker's queues later end without a row.
  func closeAccount(_ account: String) async throws(StoreError)
  /// Removes the next rows of a closed account: one transaction. What is left is a row for each webhook that
  /// holds nothing but its identity and that it is deleted, by which its deliveries are known.
  ///
  /// - Parameters:
  ///   - position: where the step before ended; nil to begin.
  ///   - slice: how many rows to look at.
  func removeRows(of account: String, after position: Int64?, slice: Int) async throws(StoreError)
    -> RemovalProgress
}
