internal import CRabbitMQ
import Glibc

/// Reading from a broker that is not trusted.
extension BrokerConnection {
  /// The next frame, good until `amqp_maybe_release_buffers`; nil where none came in time.
  ///
  /// librabbitmq has bounded and decoded it. It keeps memory for each channel number that it hears of, so a
  /// frame of a channel that is not open ends the connection.
  func nextFrame(within duration: Duration = .zero) throws(BrokerError) -> amqp_frame_t? {
    var frame = amqp_frame_t()
    var timeout = duration == .zero ? timeval() : timeval(duration)
    watch?.readBegins()
    let status = amqp_simple_wait_frame_noblock(state, &frame, &timeout)
    watch?.readEnds()
    if status == AMQP_STATUS_TIMEOUT.rawValue { return nil }
    try check(status: status)
    guard frame.channel <= lastChannel else {
      throw .connectionLost(
        "the broker sent a frame on channel \(frame.channel), which is not open")
    }
    return frame
  }

  /// Waits for a method. What comes meanwhile goes to whoever consumes on this connection. Where nobody
  /// does, it can be a confirm that nobody waits for, and before the first channel nothing at all.
  func wait(
    for method: amqp_method_number_t, on channel: amqp_channel_t,
    before deadline: ContinuousClock.Instant
  ) throws(BrokerError) -> amqp_method_t {
    while true {
      let left = deadline - ContinuousClock.now
      guard left > .zero, let frame = try nextFrame(within: left) else {
        throw .deadline("it was asked for \(Self.name(of: method))")
      }
      if Int32(frame.frame_type) == AMQP_FRAME_METHOD {
        let came = frame.payload.method
        if came.id == method, frame.channel == channel, came.decoded != nil { return came }
        try checkClose(came)
      }
      if let meanwhile {
        try meanwhile(frame)
      } else if lastChannel == 0 {
        throw .connectionLost("it sent something else than \(Self.name(of: method))")
      }
      amqp_maybe_release_buffers(state)
    }
  }

  /// Throws where a method closes the channel or the connection.
  func checkClose(_ method: amqp_method_t) throws(BrokerError) {
    if method.id == sealpost_connection_close,
      let close = method.decoded?.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
    {
      throw Self.error(code: close.reply_code, words: Self.text(close.reply_text))
    }
    if method.id == sealpost_channel_close,
      let close = method.decoded?.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
    {
      throw Self.error(code: close.reply_code, words: Self.text(close.reply_text))
    }
  }

  /// Text of the broker, for people: without control characters, which could forge lines of a log.
  static func text(_ bytes: amqp_bytes_t) -> String {
    let text = String(
      decoding: UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len), as: UTF8.self)
    return String(
      String.UnicodeScalarView(
        text.unicodeScalars.map {
          $0.properties.generalCategory == .control ? "\u{FFFD}" : $0
        }))
  }

  private static func error(code: UInt16, words: String) -> BrokerError {
    switch code {
    case 403: .notPermitted(words: words)
    case 404: .notFound(words: words)
    case 406 where words.contains("inequivalent"): .preconditionFailed(words: words)
    default: .closedByBroker(code: Int(code), words: words)
    }
  }

  private static func name(of method: amqp_method_number_t) -> String {
    amqp_method_name(method).map { String(cString: $0) } ?? "method \(method)"
  }
}
