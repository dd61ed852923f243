internal import CRabbitMQ
import Glibc
import SealpostCore

/// Takes messages from queues over a connection of its own, without ever blocking to read: it puts the
/// frames of a message together itself, because librabbitmq's own call waits for the rest of a message
/// for as long as the broker likes.
///
/// For one thread at a time; made on one, it may be handed to another. Accesses to its properties, which are values
/// that know nothing of it, are not checked for overlap.
public final class BrokerConsumer {
  private static let largestBody = 512 << 20
  /// Heartbeats that may pass before the rest of a message must have come on.
  private static let patience = 2

  private let connection: BrokerConnection
  private let channel: amqp_channel_t
  private let queues: [(name: String, prefetch: UInt16)]
  private let tagPrefix: [UInt8]
  private var tags: [String] = []
  @exclusivity(unchecked) private var lastTag: UInt64 = 0
  @exclusivity(unchecked) private var assembly: MessageAssembly?
  @exclusivity(unchecked) private var early: [BrokerMessage] = []
  @exclusivity(unchecked) private var pieces: UInt64 = 0
  private var lull: (pieces: UInt64, since: Int64) = (0, 0)
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
    self.queues = queues
    tagPrefix = Array("\(consumerTagPrefix).".utf8)
    heartbeat = .seconds(Int64(amqp_get_heartbeat(connection.state)))
    channel = try connection.openChannel()
    try connection.takeLargerFrames()
    connection.meanwhile = { [unowned self] frame throws(BrokerError) in try takeEarly(frame) }
    let arena = BytesArena()
    for (index, queue) in queues.enumerated() {
      var qos = amqp_basic_qos_t()
      qos.prefetch_count = queue.prefetch
      try connection.call(channel, sealpost_basic_qos, qos, answer: sealpost_basic_qos_ok)
      let tag = "\(consumerTagPrefix).\(index)"
      tags.append(tag)
      var consume = amqp_basic_consume_t()
      consume.queue = arena.bytes(queue.name)
      consume.consumer_tag = arena.bytes(tag)
      try connection.call(
        channel, sealpost_basic_consume, consume, answer: sealpost_basic_consume_ok)
    }
  }

  deinit { close() }

  /// Reads what has come, at most `limit` messages, and hands each over with its memory.
  ///
  /// - Returns: how many there were. At the limit there may be more, also when the socket is silent.
  /// - Throws: when the connection is of no use any more. What was not acknowledged comes again.
  public func read(limit: Int, _ deliver: (BrokerMessage) -> Void) throws(BrokerError) -> Int {
    var count = min(limit, early.count)
    for message in early.prefix(count) { deliver(message) }
    early.removeFirst(count)
    while count < limit {
      guard let frame = try connection.nextFrame() else {
        try checkPatience()
        break
      }
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
      var cancel = amqp_basic_cancel_t()
      cancel.consumer_tag = arena.bytes(tag)
      try connection.call(channel, sealpost_basic_cancel, cancel, answer: sealpost_basic_cancel_ok)
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
    for message in early { message.free() }
    early = []
    connection.meanwhile = nil
    connection.close()
  }

  /// Keeps a message that came while a call waited for its answer.
  private func takeEarly(_ frame: amqp_frame_t) throws(BrokerError) {
    // Frames of other channels are no deliveries.
    guard frame.channel == channel, let message = try take(frame) else { return }
    early.append(message)
    guard early.count <= queues.reduce(0, { $0 + Int($1.prefetch) }) else {
      throw .connectionLost("it sent more messages than were asked for")
    }
  }

  /// A broker that began a message and goes on with heartbeats alone would hold up all behind it.
  private func checkPatience() throws(BrokerError) {
    guard assembly != nil, heartbeat > .zero else { return }
    let now = MonotonicTime.nanoseconds()
    if lull.pieces != pieces {
      lull = (pieces, now)
    } else if now - lull.since > heartbeat.nanoseconds * Int64(Self.patience) {
      throw .connectionLost("the rest of a message did not come")
    }
  }

  private func take(_ frame: amqp_frame_t) throws(BrokerError) -> BrokerMessage? {
    pieces += 1
    switch Int32(frame.frame_type) {
    case AMQP_FRAME_METHOD:
      try take(frame.payload.method, of: frame.channel)
      return nil
    case AMQP_FRAME_HEADER:
      let properties = frame.payload.properties
      let raw = UnsafeRawBufferPointer(start: properties.raw.bytes, count: properties.raw.len)
      guard assembly != nil, frame.channel == channel, properties.class_id == sealpost_basic_class
      else { throw .connectionLost("it sent properties without a message") }
      guard properties.body_size <= UInt64(Self.largestBody),
        assembly!.begin(properties: raw, bodyBytes: Int(properties.body_size))
      else { throw .connectionLost("it announced a body of \(properties.body_size) bytes") }
    case AMQP_FRAME_BODY:
      let piece = frame.payload.body_fragment
      guard assembly != nil, frame.channel == channel else {
        throw .connectionLost("it sent a body without a message")
      }
      guard assembly!.append(UnsafeRawBufferPointer(start: piece.bytes, count: piece.len)) else {
        throw .connectionLost("it sent more of a body than it announced")
      }
    default: return nil
    }
    guard let complete = assembly, complete.isComplete else { return nil }
    assembly = nil
    return BrokerMessage(complete)
  }

  private func take(_ method: amqp_method_t, of channel: amqp_channel_t) throws(BrokerError) {
    switch method.id {
    case sealpost_basic_deliver:
      guard assembly == nil, channel == self.channel else {
        throw .connectionLost("it began a message inside of another one")
      }
      guard let deliver = method.decoded?.assumingMemoryBound(to: amqp_basic_deliver_t.self) else {
        return
      }
      guard let queue = queue(deliver.pointee.consumer_tag) else {
        throw .connectionLost("it sent a message to a consumer that there is not")
      }
      // So RabbitMQ numbers them; what is settled later relies on it.
      guard deliver.pointee.delivery_tag == lastTag + 1 else {
        throw .connectionLost(
          "delivery \(deliver.pointee.delivery_tag) came after delivery \(lastTag)")
      }
      lastTag += 1
      let exchange = deliver.pointee.exchange
      assembly = MessageAssembly(
        tag: lastTag, queue: queue, redelivered: deliver.pointee.redelivered != 0,
        exchange: UnsafeRawBufferPointer(start: exchange.bytes, count: exchange.len))
    case sealpost_basic_cancel:
      guard let cancel = method.decoded?.assumingMemoryBound(to: amqp_basic_cancel_t.self) else {
        return
      }
      throw .consumerCancelled(
        queue: queue(cancel.pointee.consumer_tag).map { queues[$0].name } ?? "?")
    default: try connection.checkClose(method)
    }
  }

  /// Which of the queues a consumer tag stands for: its index is behind the prefix.
  private func queue(_ tag: amqp_bytes_t) -> Int? {
    let text = UnsafeRawBufferPointer(start: tag.bytes, count: tag.len)
    guard text.count == tagPrefix.count + 1, text.starts(with: tagPrefix) else { return nil }
    let index = Int(text[tagPrefix.count]) - 48
    return queues.indices.contains(index) ? index : nil
  }
}
