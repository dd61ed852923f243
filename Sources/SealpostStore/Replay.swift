public import SealpostCore

/// Many deliveries of one webhook that are sent again, chosen by the last attempt of each.
public struct Replay: Sendable, Identifiable {
  /// How far it has come. The raw value is what the store holds.
  public enum State: String, Sendable, CaseIterable {
    /// Deliveries are put into the backlog, from where they go out.
    case running
    /// All of them are.
    case done
    /// Its owner ended it; what is in the backlog already goes out.
    case cancelled
  }

  /// Its identity.
  public var id: String
  /// The account.
  public var account: String
  /// The webhook's identity.
  public var webhookID: String
  /// Which deliveries.
  public var selection: ReplaySelection
  /// At most so many a second; nil for as many as the receiver takes.
  public var rate: Int?
  /// How far it has come.
  public var state: State
  /// How many were found when it began, counted up to a limit.
  public var expected: Int
  /// How many are in the backlog or already gone out.
  public var queued: Int
  /// When it was asked for.
  public var createdAt: Timestamp
  /// When it ended.
  public var endedAt: Timestamp?
}
