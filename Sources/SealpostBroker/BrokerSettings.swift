/// Where the broker is and what our objects on it are called.
public struct BrokerSettings: Sendable {
  /// The addresses, tried in this order.
  public var urls: [BrokerURL]
  /// What the names of our queues and exchanges begin with.
  public var namespace: String
  /// The exchange that events are published to.
  public var eventsExchange: String
  /// What one step of the ladder lasts.
  public var delayUnit: Duration
  /// How often each side shows the other that it lives.
  public var heartbeat: Duration
  /// How long connecting to one address may take.
  public var connectTimeout: Duration
  /// How many bytes one level of the ladder may hold before it refuses more.
  public var levelMaximumBytes: Int64

  /// Makes settings with the defaults of the program.
  public init(
    urls: [BrokerURL], namespace: String = "sealpost", eventsExchange: String = "license.events",
    delayUnit: Duration = .seconds(1), heartbeat: Duration = .seconds(30),
    connectTimeout: Duration = .seconds(5), levelMaximumBytes: Int64 = 2 << 30
  ) {
    self.urls = urls
    self.namespace = namespace
    self.eventsExchange = eventsExchange
    self.delayUnit = delayUnit
    self.heartbeat = heartbeat
    self.connectTimeout = connectTimeout
    self.levelMaximumBytes = levelMaximumBytes
  }

  /// Puts the first address last, after it brought no luck: it may take connections and still be of no use,
  /// as a node that is cut off from its cluster.
  public mutating func tryAnotherFirst() {
    if urls.count > 1 { urls.append(urls.removeFirst()) }
  }

  /// The names of our objects.
  public var names: BrokerNames {
    BrokerNames(namespace: namespace, eventsExchange: eventsExchange)
  }
}
