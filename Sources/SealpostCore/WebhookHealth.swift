/// How a webhook fares, as its owner sees it.
public enum WebhookHealth: String, Sendable, CaseIterable {
  /// It takes its deliveries.
  case healthy
  /// Its last attempts failed; deliveries go on.
  case unhealthy
  /// It failed for so long that its deliveries are parked, until its owner acts.
  case suspended
}

/// When failures in a row make a webhook unhealthy, and when they suspend it.
public struct HealthPolicy: Hashable, Sendable {
  /// How many failed attempts in a row make it unhealthy.
  public var unhealthyAfter: Int
  /// How many suspend it, where they took long enough.
  public var suspendedAfter: Int
  /// For how long at least it must have failed to be suspended.
  public var suspendedSpan: Duration

  /// Five; fifty over a day.
  public static let `default` = HealthPolicy(
    unhealthyAfter: 5, suspendedAfter: 50, suspendedSpan: .seconds(86400))

  /// Makes a policy from its parts.
  public init(unhealthyAfter: Int, suspendedAfter: Int, suspendedSpan: Duration) {
    self.unhealthyAfter = unhealthyAfter
    self.suspendedAfter = suspendedAfter
    self.suspendedSpan = suspendedSpan
  }
}

/// A webhook's failed attempts in a row, as one worker saw them. Pure.
public struct FailureStreak: Hashable, Sendable {
  private var count = 0
  private var since: Timestamp
  private var told = WebhookHealth.healthy

  /// A streak that begins with an attempt.
  public init(since: Timestamp) { self.since = since }

  /// Counts a failed attempt; what the webhook turns into by it, or nil where nothing changes.
  public mutating func failed(at time: Timestamp, policy: HealthPolicy) -> WebhookHealth? {
    count += 1
    let health: WebhookHealth =
      if count >= policy.suspendedAfter, time - since >= policy.suspendedSpan {
        .suspended
      } else if count >= policy.unhealthyAfter {
        .unhealthy
      } else {
        .healthy
      }
    guard health != told else { return nil }
    told = health
    return health
  }
}
