public import SealpostCore

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
