internal import CRabbitMQ

/// How workers speak to each other over the transient fanout exchange, and see how full a queue is. What is
/// said may get lost, and nobody waits for it.
///
/// For one thread at a time.
public final class ControlChannel {
  private static let prefetch: UInt16 = 1000
  private static let messagesAtOnce = 1000
  private static let longestText = 512

  private let connection: BrokerConnection
  private let consumer: BrokerConsumer
  private let channel: amqp_channel_t
  private let exchange: String

  /// The socket, for poll. Owned by the connection.
  public var fileDescriptor: Int32 { connection.fileDescriptor }

  /// Takes over a connection, and declares the exchange, which does not outlive the broker, and a queue that
  /// does not outlive the connection.
  ///
  /// - Parameter name: tells this worker's queue from the others'.
  public init(connection: BrokerConnection, names: BrokerNames, name: String) throws(BrokerError) {
    self.connection = connection
    exchange = names.control
    channel = try connection.openChannel()
    try BrokerTopology.declare(
      TopologyPlan.Exchange(name: exchange, kind: "fanout", isDurable: false), connection, channel)
    let queue = "\(exchange).\(name)"
    let arena = BytesArena()
    var request = amqp_queue_declare_t()
    request.queue = arena.bytes(queue)
    request.exclusive = 1
    request.auto_delete = 1
    try connection.call(channel, sealpost_queue_declare, request, answer: sealpost_queue_declare_ok)
    try BrokerTopology.bind(queue: request.queue, to: exchange, "", connection, channel)
    consumer = try BrokerConsumer(
      connection: connection, queues: [(queue, Self.prefetch)], consumerTagPrefix: name)
  }

  /// Says something to all workers, this one too.
  public func send(_ text: String) throws(BrokerError) {
    let arena = BytesArena()
    try connection.check(
      status: amqp_basic_publish(
        connection.state, channel, arena.bytes(exchange), amqp_empty_bytes, 0, 0, nil,
        arena.bytes(text)))
  }

  /// Reads what was said, without waiting; what is longer than anything that we say is nothing of ours.
  public func read(_ body: (String) -> Void) throws(BrokerError) {
    var last: UInt64?
    _ = try consumer.read(limit: Self.messagesAtOnce) { message in
      if message.body.count <= Self.longestText {
        body(String(decoding: message.body, as: UTF8.self))
      }
      last = message.tag
      message.free()
    }
    if let last { try consumer.acknowledge(last, multiple: true) }
  }

  /// Asks how full a queue is and how many consume it.
  ///
  /// - Throws: `notFound` where it is missing; the connection is of no use then.
  public func depth(of queue: String) throws(BrokerError) -> QueueDepth {
    try QueueDepth.read(queue, on: connection, channel)
  }

  /// Asks the same of all our queues.
  ///
  /// - Throws: `notFound` where one is missing; the connection is of no use then.
  public func depths(of settings: BrokerSettings) throws(BrokerError) -> [QueueDepth] {
    var depths: [QueueDepth] = []
    for queue in settings.names.queues { depths.append(try depth(of: queue)) }
    return depths
  }

  /// Closes the connection.
  public func close() { consumer.close() }
}
