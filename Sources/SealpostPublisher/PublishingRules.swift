/// How a `MessagePublisher` goes about it.
package struct PublishingRules: Sendable {
  /// What the broker's operator sees as the connection's name.
  package var connectionName: String
  /// How many messages may be at the broker unconfirmed.
  package var maximumInFlight: Int
  /// How long a caller waits.
  package var timeout: Duration
  /// Whether callers wait for a broker that is away.
  package var waitsForBroker: Bool

  /// Makes rules.
  package init(
    connectionName: String, maximumInFlight: Int, timeout: Duration, waitsForBroker: Bool
  ) {
    self.connectionName = connectionName
    self.maximumInFlight = maximumInFlight
    self.timeout = timeout
    self.waitsForBroker = waitsForBroker
  }
}
