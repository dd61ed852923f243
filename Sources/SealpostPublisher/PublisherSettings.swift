/// How an `EventPublisher` publishes.
public struct PublisherSettings: Sendable {
  /// The broker, `amqp://user:password@host:5672/vhost`; several with commas are tried in turn.
  public var url: String
  /// The topic exchange that events are published to.
  public var exchange = "license.events"
  /// What the broker's operator sees as the connection's name.
  public var connectionName = "event publisher"
  /// How many events may be at the broker unconfirmed; further ones wait.
  public var maximumInFlight = 1000
  /// How long a call waits for the broker's confirm, reconnecting included.
  public var timeout = Duration.seconds(30)
  /// Whether a call waits for a broker that is away until its time is over. If not, it fails at once.
  public var waitsForBroker = true
  /// The largest event, in bytes: the worker's `SEALPOST_MAX_EVENT_BYTES`.
  public var maximumEventBytes = 256 << 10

  /// Makes settings with these defaults.
  public init(url: String) { self.url = url }
}
