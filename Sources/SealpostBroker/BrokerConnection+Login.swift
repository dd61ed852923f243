internal import CRabbitMQ

/// The beginning of a connection (AMQP 0-9-1, section 2.2.4), step by step rather than by librabbitmq's
/// `amqp_login`: that takes whatever frame size the broker names, and older versions write beyond their
/// buffer where it is small.
extension BrokerConnection {
  /// AMQP 0-9-1, section 4.2.3: what each side takes at least.
  private static let smallestFrame: UInt32 = 4096

  /// Logs in with the capabilities that make a deleted queue and a blocked connection known: without
  /// them both look like silence.
  func logIn(_ settings: BrokerSettings, _ name: String) throws(BrokerError) {
    let deadline = ContinuousClock.now + settings.connectTimeout
    var hasStarted = false
    do throws(BrokerError) {
      try check(status: amqp_send_header(state))
      let start = try wait(for: sealpost_connection_start, on: 0, before: deadline)
      hasStarted = true
      try checkStart(start)
      try sendStartOK(name)
      amqp_maybe_release_buffers(state)
      let tune = try wait(for: sealpost_connection_tune, on: 0, before: deadline)
      try apply(tune, settings)
      amqp_maybe_release_buffers(state)
      let arena = BytesArena()
      var open = amqp_connection_open_t()
      open.virtual_host = arena.bytes(url.vhost)
      open.insist = 1
      try send(0, sealpost_connection_open, open)
      _ = try wait(for: sealpost_connection_open_ok, on: 0, before: deadline)
      amqp_maybe_release_buffers(state)
    } catch {
      switch error {
      case .mechanismNotOffered: throw error
      case .notPermitted(let words) where words.contains("vhost"):
        throw .vhostRefused(url: "\(url)", words: words)
      case .notPermitted(let words) where url.authenticates == .external:
        throw .certificateRefused(url: "\(url)", words: words)
      case .notPermitted(let words): throw .accessRefused(url: "\(url)", words: words)
      case .closedByBroker(530, let words): throw .vhostRefused(url: "\(url)", words: words)
      default: throw .unreachable(["\(url): \(error.sentence)\(hasStarted ? "" : tlsHint)"])
      }
    }
  }

  private func checkStart(_ method: amqp_method_t) throws(BrokerError) {
    let start = method.decoded.assumingMemoryBound(to: amqp_connection_start_t.self).pointee
    guard start.version_major == 0, start.version_minor == 9 else {
      throw .connectionLost(
        "it speaks AMQP \(start.version_major)-\(start.version_minor), not 0-9")
    }
    let offered = Self.text(start.mechanisms)
    guard offered.split(separator: " ").contains(where: { $0 == url.authenticates.rawValue }) else {
      throw .mechanismNotOffered(
        url: "\(url)", wanted: url.authenticates.rawValue, offered: offered)
    }
  }

  private func sendStartOK(_ name: String) throws(BrokerError) {
    let arena = BytesArena()
    let capabilities: [(key: String, value: HeaderValue)] = [
      "publisher_confirms", "consumer_cancel_notify", "connection.blocked", "basic.nack",
      "authentication_failure_close", "exchange_exchange_bindings",
    ].map { ($0, .flag(true)) }
    var answer = amqp_connection_start_ok_t()
    answer.client_properties = arena.table([
      arena.entry("capabilities", .table(capabilities)),
      arena.entry("connection_name", .text(name)), arena.entry("product", .text("Sealpost")),
    ])
    answer.mechanism = arena.bytes(url.authenticates.rawValue)
    // EXTERNAL: the broker takes who we are from the certificate.
    answer.response =
      switch url.authenticates {
      case .plain: arena.bytes("\0\(url.user)\0\(url.password)")
      case .external: amqp_empty_bytes
      }
    answer.locale = arena.bytes("en_US")
    try send(0, sealpost_connection_start_ok, answer)
  }

  /// Takes the smaller of each two limits; zero is none.
  private func apply(_ method: amqp_method_t, _ settings: BrokerSettings) throws(BrokerError) {
    let tune = method.decoded.assumingMemoryBound(to: amqp_connection_tune_t.self).pointee
    guard tune.frame_max == 0 || tune.frame_max >= Self.smallestFrame else {
      throw .connectionLost("it takes frames of \(tune.frame_max) bytes only")
    }
    func smaller<Number: FixedWidthInteger>(_ ours: Number, _ theirs: Number) -> Number {
      ours == 0 || theirs == 0 ? max(ours, theirs) : min(ours, theirs)
    }
    var answer = amqp_connection_tune_ok_t()
    answer.channel_max = smaller(UInt16.max, tune.channel_max)
    answer.frame_max = smaller(UInt32(Self.frameBytes), tune.frame_max)
    let heartbeat = url.heartbeat ?? UInt16(clamping: settings.heartbeat.components.seconds)
    // Who wants none has none; a broker that names none still gets ours.
    answer.heartbeat = heartbeat == 0 ? 0 : smaller(heartbeat, tune.heartbeat)
    try check(
      status: amqp_tune_connection(
        state, Int32(answer.channel_max), Int32(answer.frame_max), Int32(answer.heartbeat)))
    try send(0, sealpost_connection_tune_ok, answer)
  }
}
