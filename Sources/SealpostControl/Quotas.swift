/// How much one account may have.
public struct Quotas: Sendable {
  /// Webhooks.
  public var webhooks: Int
  /// Events published over HTTP, a second.
  public var eventsPerSecond: Int
  /// Deliveries in the backlog, beyond which no replay begins.
  public var backlog: Int

  /// Makes quotas from their parts.
  public init(webhooks: Int = 1000, eventsPerSecond: Int = 1000, backlog: Int = 1_000_000) {
    self.webhooks = webhooks
    self.eventsPerSecond = eventsPerSecond
    self.backlog = backlog
  }
}
