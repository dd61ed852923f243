internal import CRabbitMQ
import Glibc
import SealpostCore

/// Takes messages from queues over a connection of its own, without ever blocking to read: it puts the
/// frames of a message together itself, because librabbitmq's own call waits for the rest of a message
/// for as long as the broker likes.
///
/// For one thread at a time; made on one, it may be handed to another.
public final class BrokerConsumer {
  private static let largestBody = 512 << 20

  private let connection: BrokerConnection
  private let channel: amqp_channel_t
  private let queues: [String]
  private let tagPrefixBytes: Int
  private var tags: [String] = []
  private var assembly: MessageAssembly?
  private var lastSent = MonotonicTime.nanoseconds()
  /// How often each side shows the other that it lives, as agreed with the broker; zero for never.
  public let heartbeat: Duration

  /// The socket, for poll and epoll. Owned by the connection.
  public var fileDescriptor: Int32 { connection.fileDescriptor }

  /// Begins to consume, each queue with a prefetch of its own.
  public init(
    connection: BrokerConnection, queues: [(name: String, prefetch: UInt16)],
    consumerTagPrefix: String
  ) throws(BrokerError) {
    self.connection = connection
    self.queues = queues.map(\.name)
    tagPrefixBytes = consumerTagPrefix.utf8.count + 1
    heartbeat = .seconds(Int64(amqp_get_heartbeat(connection.state)))
    channel = try connection.openChannel()
    let arena = BytesArena()
    for (index, queue) in queues.enumerated() {
      amqp_basic_qos(connection.state, channel, 0, queue.prefetch, 0)
      try connection.checkReply()
      let tag = "\(consumerTagPrefix).\(index)"
      amqp_basic_consume(
        connection.state, channel, arena.bytes(queue.name), arena.bytes(tag), 0, 0, 0,
        amqp_empty_table)
      try connection.checkReply()
      tags.append(tag)
    }
  }

  deinit { close() }

  /// Reads what has come, at most `limit` messages, and hands each over with its memory.
  ///
  /// - Returns: how many there were. At the limit there may be more, also when the socket is silent.
  /// - Throws: when the connection is of no use any more. What was not acknowledged comes again.
  public func read(limit: Int, _ deliver: (BrokerMessage) -> Void) throws(BrokerError) -> Int {
    var count = 0
    while count < limit {
      var frame = amqp_frame_t()
      var zero = timeval()
      let status = amqp_simple_wait_frame_noblock(connection.state, &frame, &zero)
      if status == AMQP_STATUS_TIMEOUT.rawValue { break }
      try connection.check(status: status)
      if let message = try take(frame) {
        count += 1
        deliver(message)
      }
    }
    // Everything of a frame that is kept was copied, so the library's memory can go.
    amqp_maybe_release_buffers(connection.state)
    return count
  }

  /// Acknowledges a message, or with `multiple` all up to it.
  public func acknowledge(_ tag: UInt64, multiple: Bool) throws(BrokerError) {
    try connection.check(
      status: amqp_basic_ack(connection.state, channel, tag, multiple ? 1 : 0))
    lastSent = MonotonicTime.nanoseconds()
  }

  /// Stops the flow of messages. Those on their way still come and are to be let go.
  public func cancel() throws(BrokerError) {
    let arena = BytesArena()
    for tag in tags {
      amqp_basic_cancel(connection.state, channel, arena.bytes(tag))
      try connection.checkReply()
    }
    tags = []
  }

  /// Shows the broker that we live. librabbitmq does so only inside calls that read, so this is for
  /// times in which nothing is read on purpose.
  public func sendHeartbeatIfDue() throws(BrokerError) {
    guard heartbeat > .zero, MonotonicTime.nanoseconds() - lastSent >= heartbeat.nanoseconds / 2
    else { return }
    var frame = amqp_frame_t()
    frame.frame_type = UInt8(AMQP_FRAME_HEARTBEAT)
    try connection.check(status: amqp_send_frame(connection.state, &frame))
    lastSent = MonotonicTime.nanoseconds()
  }

  /// Closes the connection after the broker took every acknowledgement: a socket that is closed with
  /// unread bytes can take unsent ones with it.
  public func end() {
    connection.end()
    close()
  }

  /// Closes the connection. Messages that were handed over stay their holders'.
  public func close() {
    if let block = assembly?.block { free(block) }
    assembly = nil
    connection.close()
  }

  private func take(_ frame: amqp_frame_t) throws(BrokerError) -> BrokerMessage? {
    switch Int32(frame.frame_type) {
    case AMQP_FRAME_METHOD:
      try take(frame.payload.method)
      return nil
    case AMQP_FRAME_HEADER:
      let properties = frame.payload.properties
      guard assembly != nil else { return nil }
      let raw = UnsafeRawBufferPointer(start: properties.raw.bytes, count: properties.raw.len)
      guard properties.body_size <= UInt64(Self.largestBody),
        assembly!.begin(properties: raw, bodyBytes: Int(properties.body_size))
      else { throw .connectionLost("the broker announced \(properties.body_size) bytes") }
    case AMQP_FRAME_BODY:
      let piece = frame.payload.body_fragment
      guard assembly != nil else { return nil }
      guard assembly!.append(UnsafeRawBufferPointer(start: piece.bytes, count: piece.len)) else {
        throw .connectionLost("the broker sent more than it announced")
      }
    default: return nil
    }
    guard let complete = assembly, complete.isComplete else { return nil }
    assembly = nil
    return BrokerMessage(complete)
  }

  private func take(_ method: amqp_method_t) throws(BrokerError) {
    switch method.id {
    case sealpost_basic_deliver:
      guard let deliver = method.decoded?.assumingMemoryBound(to: amqp_basic_deliver_t.self) else {
        return
      }
      let tag = deliver.pointee.consumer_tag
      let name = UnsafeRawBufferPointer(start: tag.bytes, count: tag.len).dropFirst(tagPrefixBytes)
      let exchange = deliver.pointee.exchange
      assembly = MessageAssembly(
        tag: deliver.pointee.delivery_tag, queue: name.reduce(0) { $0 * 10 + Int($1) - 48 },
        redelivered: deliver.pointee.redelivered != 0,
        exchange: UnsafeRawBufferPointer(start: exchange.bytes, count: exchange.len))
    case sealpost_basic_cancel:
      guard let cancel = method.decoded?.assumingMemoryBound(to: amqp_basic_cancel_t.self) else {
        return
      }
      let tag = cancel.pointee.consumer_tag
      let index = UnsafeRawBufferPointer(start: tag.bytes, count: tag.len).dropFirst(tagPrefixBytes)
        .reduce(0) { $0 * 10 + Int($1) - 48 }
      throw .consumerCancelled(queue: queues.indices.contains(index) ? queues[index] : "?")
    case sealpost_channel_close, sealpost_connection_close: throw connection.error(method)
    default: break
    }
  }
}
