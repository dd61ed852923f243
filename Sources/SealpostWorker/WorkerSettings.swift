public import SealpostBroker
public import SealpostCore
public import SealpostTransport

/// What a worker needs to know. Parsed and checked by the program before a worker is made.
public struct WorkerSettings: Sendable {
  /// Where the broker is and what its objects are called.
  public var broker: BrokerSettings
  /// How many lanes, and so threads with a consuming connection each.
  public var lanes: Int
  /// How many unacknowledged messages the broker may hand to one lane, for each of its queues.
  public var prefetch: Int
  /// How many bytes of bodies one lane may hold before it stops reading.
  public var bodyBudget: Int
  /// The largest event body that is accepted, in bytes.
  public var maximumEventBytes: Int
  /// How failures are retried where the webhook has no policy of its own.
  public var retry: RetryPolicy
  /// Time-outs and limits of requests.
  public var transport: TransportSettings
  /// Which addresses may be reached.
  public var egress: EgressPolicy
  /// How many requests one webhook may have in flight in all lanes of all workers together.
  public var maximumInFlightPerWebhook: Int
  /// The same for all webhooks of one host.
  public var maximumInFlightPerHost: Int
  /// When failures make a webhook unhealthy and suspend it.
  public var health: HealthPolicy
  /// How long rows of the event log are kept.
  public var logRetention: Duration
  /// How long a stopping worker waits for what is in flight.
  public var shutdownGrace: Duration
  /// Starts even where the broker fails the proof that its queues do not lose messages.
  public var allowsUnsafeBroker: Bool
  /// Where and when the worker kills itself, for experiments; nil for never.
  public var fault: String?

  /// Makes settings with the defaults of the program.
  public init(
    broker: BrokerSettings, lanes: Int = 1, prefetch: Int = 1000,
    bodyBudget: Int = 64 << 20, maximumEventBytes: Int = 256 << 10,
    retry: RetryPolicy = .default, transport: TransportSettings,
    egress: EgressPolicy, maximumInFlightPerWebhook: Int = 64,
    maximumInFlightPerHost: Int = 512, health: HealthPolicy = .default,
    logRetention: Duration = .seconds(30 * 86400), shutdownGrace: Duration = .seconds(20),
    allowsUnsafeBroker: Bool = false, fault: String? = nil
  ) {
    self.broker = broker
    self.lanes = lanes
    self.prefetch = prefetch
    self.bodyBudget = bodyBudget
    self.maximumEventBytes = maximumEventBytes
    self.retry = retry
    self.transport = transport
    self.egress = egress
    self.maximumInFlightPerWebhook = maximumInFlightPerWebhook
    self.maximumInFlightPerHost = maximumInFlightPerHost
    self.health = health
    self.logRetention = logRetention
    self.shutdownGrace = shutdownGrace
    self.allowsUnsafeBroker = allowsUnsafeBroker
    self.fault = fault
  }
}
