public import SealpostBroker

/// A queue as it was when it was looked at last.
public struct QueueState: Sendable {
  /// How full it is, and how many consume it.
  public let depth: QueueDepth
  /// For how long at most the message at its head has been there; zero where none is.
  public let oldestAge: Duration
  /// Messages a second that come in and leave; nil before two looks. What workers take is known a second
  /// later, so the two may be that much off each other. Of a level of the ladder only the change is known.
  public let rates: (arriving: Double, leaving: Double)?
}
