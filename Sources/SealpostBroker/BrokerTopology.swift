internal import CRabbitMQ

/// Declares our exchanges, queues and bindings. Idempotent; nothing is ever deleted or unbound.
public enum BrokerTopology {
  /// Declares what is missing.
  ///
  /// - Throws: `preconditionFailed`, which names both, where something is there with other arguments.
  public static func declare(on connection: BrokerConnection, settings: BrokerSettings)
    throws(BrokerError)
  {
    let channel = try connection.openChannel()
    for step in TopologyPlan(settings).steps {
      switch step {
      case .exchange(let exchange): try declare(exchange, connection, channel)
      case .queue(let queue): try declare(queue, connection, channel)
      case .binding(let binding): try bind(binding, connection, channel)
      }
    }
    amqp_channel_close(connection.state, channel, AMQP_REPLY_SUCCESS)
    amqp_maybe_release_buffers(connection.state)
  }

  static func declare(
    _ exchange: TopologyPlan.Exchange, _ connection: BrokerConnection, _ channel: amqp_channel_t,
    isAutoDeleted: Bool = false
  ) throws(BrokerError) {
    let arena = BytesArena()
    amqp_exchange_declare(
      connection.state, channel, arena.bytes(exchange.name), arena.bytes(exchange.kind), 0,
      exchange.isDurable ? 1 : 0, isAutoDeleted ? 1 : 0, 0, amqp_empty_table)
    try connection.checkReply()
  }

  static func declare(
    _ queue: TopologyPlan.Queue, _ connection: BrokerConnection, _ channel: amqp_channel_t
  ) throws(BrokerError) {
    let arena = BytesArena()
    amqp_queue_declare(
      connection.state, channel, arena.bytes(queue.name), 0, 1, 0, 0,
      arena.table(queue.arguments.map { arena.entry($0.key, $0.value) }))
    try connection.checkReply()
  }

  private static func bind(
    _ binding: TopologyPlan.Binding, _ connection: BrokerConnection, _ channel: amqp_channel_t
  ) throws(BrokerError) {
    let arena = BytesArena()
    switch binding.target {
    case .queue(let queue):
      amqp_queue_bind(
        connection.state, channel, arena.bytes(queue), arena.bytes(binding.source),
        arena.bytes(binding.key), amqp_empty_table)
    case .exchange(let exchange):
      amqp_exchange_bind(
        connection.state, channel, arena.bytes(exchange), arena.bytes(binding.source),
        arena.bytes(binding.key), amqp_empty_table)
    }
    try connection.checkReply()
  }
}
