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
    try connection.closeChannel(channel)
  }

  static func declare(
    _ exchange: TopologyPlan.Exchange, _ connection: BrokerConnection, _ channel: amqp_channel_t,
    isAutoDeleted: Bool = false
  ) throws(BrokerError) {
    let arena = BytesArena()
    var request = amqp_exchange_declare_t()
    request.exchange = arena.bytes(exchange.name)
    request.type = arena.bytes(exchange.kind)
    request.durable = exchange.isDurable ? 1 : 0
    request.auto_delete = isAutoDeleted ? 1 : 0
    try connection.call(
      channel, sealpost_exchange_declare, request, answer: sealpost_exchange_declare_ok)
  }

  static func declare(
    _ queue: TopologyPlan.Queue, _ connection: BrokerConnection, _ channel: amqp_channel_t
  ) throws(BrokerError) {
    let arena = BytesArena()
    var request = amqp_queue_declare_t()
    request.queue = arena.bytes(queue.name)
    request.durable = 1
    request.arguments = arena.table(queue.arguments.map { arena.entry($0.key, $0.value) })
    try connection.call(channel, sealpost_queue_declare, request, answer: sealpost_queue_declare_ok)
  }

  private static func bind(
    _ binding: TopologyPlan.Binding, _ connection: BrokerConnection, _ channel: amqp_channel_t
  ) throws(BrokerError) {
    let arena = BytesArena()
    switch binding.target {
    case .queue(let queue):
      try bind(queue: arena.bytes(queue), to: binding.source, binding.key, connection, channel)
    case .exchange(let exchange):
      var request = amqp_exchange_bind_t()
      request.destination = arena.bytes(exchange)
      request.source = arena.bytes(binding.source)
      request.routing_key = arena.bytes(binding.key)
      try connection.call(
        channel, sealpost_exchange_bind, request, answer: sealpost_exchange_bind_ok)
    }
  }

  static func bind(
    queue: amqp_bytes_t, to exchange: String, _ key: String, _ connection: BrokerConnection,
    _ channel: amqp_channel_t
  ) throws(BrokerError) {
    let arena = BytesArena()
    var request = amqp_queue_bind_t()
    request.queue = queue
    request.exchange = arena.bytes(exchange)
    request.routing_key = arena.bytes(key)
    try connection.call(channel, sealpost_queue_bind, request, answer: sealpost_queue_bind_ok)
  }
}
