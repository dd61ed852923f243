public import SealpostCore

/// Which deliveries of a webhook a replay sends again.
public struct ReplaySelection: Hashable, Sendable {
  /// What the last attempt of a delivery came to, or that it is parked.
  public enum Outcome: Hashable, Sendable {
    /// Its last attempt came to that.
    case attempt(AttemptOutcome)
    /// It was parked, since its webhook took no deliveries.
    case parked

    /// The stable text.
    public var name: String {
      switch self {
      case .attempt(let outcome): outcome.name
      case .parked: "parked"
      }
    }

    /// The outcome of that name, or nil.
    public init?(name: String) {
      if name == "parked" {
        self = .parked
      } else if let outcome = AttemptOutcome(name: name) {
        self = .attempt(outcome)
      } else {
        return nil
      }
    }
  }

  /// Last sent, or parked, at that time or later.
  public var since: Timestamp
  /// And before that time.
  public var until: Timestamp
  /// With this outcome; nil for any but parked.
  public var outcome: Outcome?
  /// Of the event of this name.
  public var eventName: String?

  /// Makes a selection from its parts.
  public init(since: Timestamp, until: Timestamp, outcome: Outcome?, eventName: String?) {
    self.since = since
    self.until = until
    self.outcome = outcome
    self.eventName = eventName
  }
}
