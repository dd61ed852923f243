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
    try connection.closeChannel(channel)
    return depths
  }

  /// Reads the depth of one queue.
  static func read(_ queue: String, on connection: BrokerConnection, _ channel: amqp_channel_t)
    throws(BrokerError) -> QueueDepth
  {
    let arena = BytesArena()
    var request = amqp_queue_declare_t()
    request.queue = arena.bytes(queue)
    request.passive = 1
    request.durable = 1
    let answer = try connection.call(
      channel, sealpost_queue_declare, request, answer: sealpost_queue_declare_ok
    ).decoded.assumingMemoryBound(to: amqp_queue_declare_ok_t.self).pointee
    return QueueDepth(
      queue: queue, messages: Int(answer.message_count), consumers: Int(answer.consumer_count))
  }
}
