/// Which rows of the backlog, oldest first.
public struct BacklogFilter: Sendable {
  /// In one of these states.
  public var states: [BacklogState] = [.exhausted, .parked]
  /// Of this account.
  public var account: String?
  /// Of this webhook's identity.
  public var webhook: String?
  /// Behind the row of this id.
  public var after: Int64?
  /// How many at most.
  public var limit = 100

  /// What does not go on by itself.
  public init() {}
}
