internal import CRabbitMQ

/// What earlier versions of the topology left on the broker: ladders that nothing is published to any more,
/// and that drain by themselves into the queues that stay.
public enum EarlierTopology {
  /// As many levels as a ladder of any version may have had.
  private static let mostLevels = 32

  /// Their queues that are there, the longest waits first.
  public static func queues(on connection: BrokerConnection, names: BrokerNames)
    throws(BrokerError) -> [QueueDepth]
  {
    var found: [QueueDepth] = []
    for version in 0..<BrokerNames.topologyVersion {
      for level in (0..<mostLevels).reversed() {
        let name = names.delay(level, version: version)
        if let depth = try depth(of: name, connection) { found.append(depth) }
      }
    }
    return found
  }

  /// Removes queues with the exchanges of their names, in the order given: first the way in, so that nothing
  /// comes into a queue that is about to go.
  public static func remove(_ queues: [String], on connection: BrokerConnection)
    throws(BrokerError)
  {
    let channel = try connection.openChannel()
    for name in queues {
      let arena = BytesArena()
      var exchange = amqp_exchange_delete_t()
      exchange.exchange = arena.bytes(name)
      try connection.call(
        channel, sealpost_exchange_delete, exchange, answer: sealpost_exchange_delete_ok)
      var queue = amqp_queue_delete_t()
      queue.queue = arena.bytes(name)
      try connection.call(channel, sealpost_queue_delete, queue, answer: sealpost_queue_delete_ok)
    }
    try connection.closeChannel(channel)
  }

  /// How full a queue is; nil where it is not there. The broker then closes the channel that it was asked on.
  private static func depth(of queue: String, _ connection: BrokerConnection) throws(BrokerError)
    -> QueueDepth?
  {
    let channel = try connection.openChannel()
    do throws(BrokerError) {
      let depth = try QueueDepth.read(queue, on: connection, channel)
      try connection.closeChannel(channel)
      return depth
    } catch {
      guard error.isMissingObject else { throw error }
      try connection.send(channel, sealpost_channel_close_ok, amqp_channel_close_ok_t())
      return nil
    }
  }
}
