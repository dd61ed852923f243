public import SealpostBroker
public import SealpostCore
public import SealpostTransport

/// What owners and operators may do, and how much of it.
public struct ControlSettings: Sendable {
  /// The broker and the names of our objects.
  public var broker: BrokerSettings
  /// Which addresses a webhook may have.
  public var egress: EgressPolicy
  /// The operator's retry policy: no webhook's own may be more eager.
  public var retry: RetryPolicy
  /// How long an attempt may take: no webhook's own limit is longer.
  public var deliveryTimeout: Duration
  /// The largest event, in bytes.
  public var maximumEventBytes: Int
  /// How much an account may have.
  public var quotas: Quotas

  /// Makes settings from their parts.
  public init(
    broker: BrokerSettings, egress: EgressPolicy, retry: RetryPolicy,
    deliveryTimeout: Duration, maximumEventBytes: Int, quotas: Quotas = Quotas()
  ) {
    self.broker = broker
    self.egress = egress
    self.retry = retry
    self.deliveryTimeout = deliveryTimeout
    self.maximumEventBytes = maximumEventBytes
    self.quotas = quotas
  }
}
