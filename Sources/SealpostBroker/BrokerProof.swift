internal import CRabbitMQ
import Glibc

/// Proves that the broker keeps what the ladder holds. Queue arguments alone do not: a policy's
/// `overflow` beats ours, and without the feature flag `stream_queue` dead-lettering at least once is
/// silently at most once.
public enum BrokerProof {
  /// Declares a temporary queue with the ladder's arguments, whose messages expire at once into an
  /// exchange that leads nowhere, and looks whether its message is still there after a second: at least
  /// once means kept until somebody takes it.
  ///
  /// - Throws: `unsafeBroker` where it is not.
  public static func run(on connection: BrokerConnection, settings: BrokerSettings)
    throws(BrokerError)
  {
    let channel = try connection.openChannel()
    let name = "\(settings.namespace).v1.delay.proof.\(UInt64.random(in: .min ... .max))"
    try BrokerTopology.declare(
      TopologyPlan.Exchange(name: name, kind: "fanout", isDurable: false), connection, channel)
    defer { remove(name, connection) }
    try BrokerTopology.declare(
      TopologyPlan.queue(
        name, holding: 1, deadLetterExchange: name, maximumBytes: settings.levelMaximumBytes),
      connection, channel)
    amqp_confirm_select(connection.state, channel)
    try connection.checkReply()
    try publish(to: name, connection, channel)
    usleep(1_000_000)
    guard try heldMessages(name, connection, channel) == 1 else {
      throw .unsafeBroker(
        "a message that expired in a queue with at-least-once dead-lettering was dropped. Remove policies that set overflow or dead-letter-exchange on \(settings.namespace).* queues, and enable all feature flags with `rabbitmqctl enable_feature_flag all`"
      )
    }
  }

  private static func publish(
    to queue: String, _ connection: BrokerConnection, _ channel: amqp_channel_t
  ) throws(BrokerError) {
    let arena = BytesArena()
    var properties = amqp_basic_properties_t()
    properties._flags = UInt32(AMQP_BASIC_DELIVERY_MODE_FLAG)
    properties.delivery_mode = UInt8(AMQP_DELIVERY_PERSISTENT.rawValue)
    try connection.check(
      status: amqp_basic_publish(
        connection.state, channel, amqp_empty_bytes, arena.bytes(queue), 1, 0, &properties,
        arena.bytes("proof")))
  }

  /// How many messages go with the queue when it is deleted: those that wait for their dead-letter
  /// exchange included, which a declaration does not count.
  private static func heldMessages(
    _ name: String, _ connection: BrokerConnection, _ channel: amqp_channel_t
  ) throws(BrokerError) -> UInt32 {
    let arena = BytesArena()
    let reply = amqp_queue_declare(
      connection.state, channel, arena.bytes(name), 1, 1, 0, 0, amqp_empty_table)
    try connection.checkReply()
    return reply?.pointee.message_count ?? 0
  }

  private static func remove(_ name: String, _ connection: BrokerConnection) {
    guard let channel = try? connection.openChannel() else { return }
    let arena = BytesArena()
    amqp_queue_delete(connection.state, channel, arena.bytes(name), 0, 0)
    amqp_exchange_delete(connection.state, channel, arena.bytes(name), 0)
    amqp_maybe_release_buffers(connection.state)
  }
}
