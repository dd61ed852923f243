internal import CRabbitMQ

/// How full a queue is.
public struct QueueDepth: Hashable, Sendable {
  /// The queue's name.
  public let queue: String
  /// How many messages wait in it.
  public let messages: Int
  /// How many consumers it has.
  public let consumers: Int

  /// Makes one from its parts.
  public init(queue: String, messages: Int, consumers: Int) {
    self.queue = queue
    self.messages = messages
    self.consumers = consumers
  }

  /// Reads the depths of our queues, the ladder's levels included.
  ///
  /// - Throws: `notFound` where one is missing.
  public static func read(on connection: BrokerConnection, settings: BrokerSettings)
    throws(BrokerError) -> [QueueDepth]
  {
    let channel = try connection.openChannel()
    var depths: [QueueDepth] = []
    for queue in settings.names.queues {
      depths.append(try read(queue, on: connection, channel))
    }
    amqp_channel_close(connection.state, channel, AMQP_REPLY_SUCCESS)
    amqp_maybe_release_buffers(connection.state)
    return depths
  }

  /// Reads the depth of one queue.
  static func read(_ queue: String, on connection: BrokerConnection, _ channel: amqp_channel_t)
    throws(BrokerError) -> QueueDepth
  {
    let arena = BytesArena()
    let reply = amqp_queue_declare(
      connection.state, channel, arena.bytes(queue), 1, 1, 0, 0, amqp_empty_table)
    try connection.checkReply()
    return QueueDepth(
      queue: queue, messages: Int(reply?.pointee.message_count ?? 0),
      consumers: Int(reply?.pointee.consumer_count ?? 0))
  }
}
