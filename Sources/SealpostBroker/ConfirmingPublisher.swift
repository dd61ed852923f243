internal import CRabbitMQ
import Glibc

/// Publishes messages and tells what became of each: persistent, mandatory, with publisher confirms
/// (RabbitMQ, Consumer Acknowledgements and Publisher Confirms). On a connection of its own, since a
/// broker in alarm stops reading from connections that publish.
///
/// For one thread at a time.
public final class ConfirmingPublisher {
  /// After so many others want their turn, and what was kept of them can go.
  private static let framesAtOnce = 1000
  /// Foreign headers that leave less of a frame than an eighth stay behind: our own must fit beside them, and
  /// what the broker adds on the way, such as `x-death` for each queue of the ladder.
  private static let shareLeft = 8
  private static let longestKeptAnyway = 512

  private let connection: BrokerConnection
  private let channel: amqp_channel_t
  private var nextSequence: UInt64 = 1
  private var outstandingSequences: Set<UInt64> = []
  private var lowest: UInt64 = 1
  private var returning: Return?

  /// A message on its way back: its method came, its header tells which one it is.
  private struct Return {
    let code: Int
    let words: String
    var sequence: UInt64?
  }

  private var returned: [UInt64: PublishOutcome] = [:]

  /// Why the broker takes nothing at the moment, nil while it does.
  public private(set) var blockedReason: String?

  /// How many messages are neither confirmed nor refused.
  public var outstanding: Int { outstandingSequences.count }

  /// Takes over a connection.
  public init(connection: BrokerConnection) throws(BrokerError) {
    self.connection = connection
    channel = try connection.openChannel()
    try connection.call(
      channel, sealpost_confirm_select, amqp_confirm_select_t(), answer: sealpost_confirm_select_ok)
  }

  /// Sends a message; what becomes of it is told by `process` under the number that this returns.
  public func publish(_ message: OutgoingMessage) throws(BrokerError) -> UInt64 {
    let sequence = nextSequence
    let arena = BytesArena()
    var pool = amqp_pool_t()
    init_amqp_pool(&pool, 4096)
    defer { empty_amqp_pool(&pool) }
    var properties = Self.properties(
      message, sequence, arena, &pool, room: Int(amqp_get_frame_max(connection.state)))
    let body = amqp_bytes_t(
      len: message.body.count, bytes: UnsafeMutableRawPointer(mutating: message.body.baseAddress))
    try connection.check(
      status: amqp_basic_publish(
        connection.state, channel, arena.bytes(message.exchange),
        arena.bytes(message.routingKey), 1, 0, &properties, body))
    nextSequence += 1
    outstandingSequences.insert(sequence)
    return sequence
  }

  /// Waits until the broker says something, `wake` is readable, or the time is over; then calls `body`
  /// for each message whose end is known.
  public func process(
    waitMilliseconds: Int32, wake: Int32? = nil, _ body: (UInt64, PublishOutcome) -> Void
  ) throws(BrokerError) {
    if try readFrames(body) > 0 { return }
    var descriptors = [
      pollfd(fd: connection.fileDescriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: wake ?? -1, events: Int16(POLLIN), revents: 0),
    ]
    _ = poll(&descriptors, 2, waitMilliseconds)
    _ = try readFrames(body)
  }

  /// Publishes one message and waits for its end.
  ///
  /// - Throws: also when it is returned or refused, or not confirmed within `timeout`.
  public func publishAndWait(_ message: OutgoingMessage, timeout: Duration = .seconds(10))
    throws(BrokerError)
  {
    let sequence = try publish(message)
    var outcome: PublishOutcome?
    let clock = ContinuousClock()
    let deadline = clock.now + timeout
    while outcome == nil, clock.now < deadline {
      try process(waitMilliseconds: 100) { if $0 == sequence { outcome = $1 } }
    }
    switch outcome {
    case .confirmed: return
    case .returned(_, let words):
      throw .notFound(words: "no queue is bound for \(message.routingKey): \(words)")
    case .refused: throw .closedByBroker(code: 0, words: "the queue refused the message")
    case nil: throw .deadline(blockedReason ?? "the message was not confirmed within \(timeout)")
    }
  }

  /// Closes the connection.
  public func close() { connection.close() }

  private func readFrames(_ body: (UInt64, PublishOutcome) -> Void) throws(BrokerError) -> Int {
    var count = 0
    while count < Self.framesAtOnce, let frame = try connection.nextFrame() {
      count += 1
      try take(frame, body)
    }
    amqp_maybe_release_buffers(connection.state)
    return count
  }

  private func take(_ frame: amqp_frame_t, _ body: (UInt64, PublishOutcome) -> Void)
    throws(BrokerError)
  {
    switch Int32(frame.frame_type) {
    case AMQP_FRAME_METHOD: try take(frame.payload.method, body)
    case AMQP_FRAME_HEADER:
      let raw = frame.payload.properties.raw
      let properties = AMQPProperties(UnsafeRawBufferPointer(start: raw.bytes, count: raw.len))
      returning?.sequence = properties.correlationID.flatMap {
        UInt64(String(decoding: $0, as: UTF8.self))
      }
      if let returning, let sequence = returning.sequence,
        outstandingSequences.contains(sequence)
      {
        returned[sequence] = .returned(code: returning.code, words: returning.words)
      }
      returning = nil
    default: break
    }
  }

  private func take(_ method: amqp_method_t, _ body: (UInt64, PublishOutcome) -> Void)
    throws(BrokerError)
  {
    switch method.id {
    case sealpost_basic_ack:
      guard let ack = method.decoded?.assumingMemoryBound(to: amqp_basic_ack_t.self) else { return }
      try end(ack.pointee.delivery_tag, multiple: ack.pointee.multiple != 0) {
        body($0, returned.removeValue(forKey: $0) ?? .confirmed)
      }
    case sealpost_basic_nack:
      guard let nack = method.decoded?.assumingMemoryBound(to: amqp_basic_nack_t.self) else {
        return
      }
      try end(nack.pointee.delivery_tag, multiple: nack.pointee.multiple != 0) {
        body($0, .refused)
      }
    case sealpost_basic_return:
      guard let back = method.decoded?.assumingMemoryBound(to: amqp_basic_return_t.self) else {
        return
      }
      returning = Return(
        code: Int(back.pointee.reply_code), words: BrokerConnection.text(back.pointee.reply_text))
    case sealpost_connection_blocked:
      let reason = method.decoded?.assumingMemoryBound(to: amqp_connection_blocked_t.self)
        .pointee.reason
      blockedReason =
        reason.map { "the broker is in alarm: \(BrokerConnection.text($0))" }
        ?? "the broker is in alarm"
    case sealpost_connection_unblocked: blockedReason = nil
    default: try connection.checkClose(method)
    }
  }

  private func end(_ tag: UInt64, multiple: Bool, _ body: (UInt64) -> Void) throws(BrokerError) {
    guard tag < nextSequence else {
      throw .connectionLost("it confirmed message \(tag), and \(nextSequence - 1) were published")
    }
    guard multiple else {
      if outstandingSequences.remove(tag) != nil { body(tag) }
      return
    }
    while lowest <= tag {
      if outstandingSequences.remove(lowest) != nil { body(lowest) }
      lowest += 1
    }
  }

  /// Headers that the broker adds on the way. `x-death` above all must not go out again: a message whose
  /// own `x-death` shows a circle by time-to-live alone is dropped without a word.
  private static let brokerHeaders: Set<String> = [
    "x-death", "x-first-death-exchange", "x-first-death-queue", "x-first-death-reason",
    "x-last-death-exchange", "x-last-death-queue", "x-last-death-reason", "x-delivery-count",
    "x-acquired-count", "CC", "BCC",
  ]

  /// Headers that say whose an event is and what a retry is of: never left behind.
  private static func isOurs(_ key: String) -> Bool {
    ["account", "traceparent", BrokerMessage.aboutHeader].contains(key)
      || key.hasPrefix(RetryHeaders.Name.prefix)
  }

  private static func isShort(_ value: amqp_field_value_t) -> Bool {
    switch Int32(value.kind) {
    case Int32(AMQP_FIELD_KIND_UTF8.rawValue), Int32(AMQP_FIELD_KIND_BYTES.rawValue):
      value.value.bytes.len <= longestKeptAnyway
    case Int32(AMQP_FIELD_KIND_TABLE.rawValue), Int32(AMQP_FIELD_KIND_ARRAY.rawValue): false
    default: true
    }
  }

  private static func properties(
    _ message: OutgoingMessage, _ sequence: UInt64, _ arena: BytesArena, _ pool: inout amqp_pool_t,
    room: Int
  ) -> amqp_basic_properties_t {
    var properties = amqp_basic_properties_t()
    var entries = message.headers.map { arena.entry($0.key, $0.value) }
    var flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG
    if let kept = message.keptProperties {
      let keepsAll = kept.count <= room - room / Self.shareLeft
      let replaced = Set(message.headers.map(\.key))
      var decoded: UnsafeMutableRawPointer?
      let raw = amqp_bytes_t(
        len: kept.count, bytes: UnsafeMutableRawPointer(mutating: kept.baseAddress))
      if amqp_decode_properties(sealpost_basic_class, &pool, raw, &decoded)
        == AMQP_STATUS_OK.rawValue,
        let old = decoded?.assumingMemoryBound(to: amqp_basic_properties_t.self)
      {
        if old.pointee._flags & UInt32(AMQP_BASIC_HEADERS_FLAG) != 0 {
          for index in 0..<Int(old.pointee.headers.num_entries) {
            let entry = old.pointee.headers.entries[index]
            let key = String(
              decoding: UnsafeRawBufferPointer(start: entry.key.bytes, count: entry.key.len),
              as: UTF8.self)
            if !replaced.contains(key), !brokerHeaders.contains(key),
              keepsAll || isOurs(key) && isShort(entry.value)
            {
              entries.append(entry)
            }
          }
        }
        if message.contentType == nil,
          old.pointee._flags & UInt32(AMQP_BASIC_CONTENT_TYPE_FLAG) != 0
        {
          properties.content_type = old.pointee.content_type
          flags |= AMQP_BASIC_CONTENT_TYPE_FLAG
        }
      }
    }
    if let contentType = message.contentType {
      properties.content_type = arena.bytes(contentType)
      flags |= AMQP_BASIC_CONTENT_TYPE_FLAG
    }
    if let id = message.messageID {
      properties.message_id = arena.bytes(id)
      flags |= AMQP_BASIC_MESSAGE_ID_FLAG
    }
    if !entries.isEmpty {
      properties.headers = arena.table(entries)
      flags |= AMQP_BASIC_HEADERS_FLAG
    }
    properties.delivery_mode = UInt8(AMQP_DELIVERY_PERSISTENT.rawValue)
    properties.correlation_id = arena.bytes(String(sequence))
    properties._flags = UInt32(flags)
    return properties
  }
}
