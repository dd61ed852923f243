/// A wait on the ladder: where to publish so that the message comes back so much later.
public struct LadderStep: Hashable, Sendable {
  /// How many units the message waits.
  public let units: Int
  /// How long that is.
  public let delay: Duration
  /// The exchange to publish to.
  public let exchange: String
  /// The routing key to publish with.
  public let routingKey: String
}
