internal import CRabbitMQ
import Glibc

/// A connection to the broker: socket, login, channels. Blocking, and for one thread at a time; it may
/// be handed from one to another. Closed when the last reference goes.
public final class BrokerConnection {
  private static let frameBytes: Int32 = 131_072
  private static let answerTimeout = Duration.seconds(10)

  let state: amqp_connection_state_t
  private let url: BrokerURL
  private var isOpen = true
  private var lastChannel: amqp_channel_t = 0

  /// The socket, for poll and epoll. Owned by the connection.
  public var fileDescriptor: Int32 { amqp_get_sockfd(state) }

  /// Connects and logs in, trying each address in turn.
  ///
  /// - Parameter name: what the broker's operator sees as the connection's name.
  public static func open(_ settings: BrokerSettings, name: String) throws(BrokerError)
    -> BrokerConnection
  {
    var reasons: [String] = []
    var refusal: BrokerError?
    for url in settings.urls {
      do throws(BrokerError) {
        return try BrokerConnection(url, settings, name)
      } catch {
        if case .unreachable(let why) = error { reasons += why } else { refusal = error }
      }
    }
    throw refusal ?? .unreachable(reasons)
  }

  private init(_ url: BrokerURL, _ settings: BrokerSettings, _ name: String) throws(BrokerError) {
    Self.ignoreBrokenPipes
    guard let state = amqp_new_connection() else { throw .unreachable(["out of memory"]) }
    self.state = state
    self.url = url
    do throws(BrokerError) {
      try connect(settings)
      try logIn(settings, name)
    } catch {
      isOpen = false
      amqp_destroy_connection(state)
      throw error
    }
  }

  deinit { close() }

  /// Closes the connection; the broker takes back what was not acknowledged. Does nothing the second
  /// time.
  public func close() {
    guard isOpen else { return }
    isOpen = false
    // Without the handshake of connection.close, which could block: the broker sees the socket close.
    amqp_destroy_connection(state)
  }

  /// Says goodbye and waits for the answer, at most as long as for any other; then only `close()` is left.
  func end() {
    guard isOpen else { return }
    amqp_connection_close(state, AMQP_REPLY_SUCCESS)
  }

  /// Opens one more channel.
  func openChannel() throws(BrokerError) -> amqp_channel_t {
    lastChannel += 1
    amqp_channel_open(state, lastChannel)
    try checkReply()
    return lastChannel
  }

  /// Throws what the broker or the library said about the last call.
  func checkReply() throws(BrokerError) { try check(amqp_get_rpc_reply(state)) }

  /// Throws what a reply says.
  func check(_ reply: amqp_rpc_reply_t) throws(BrokerError) {
    switch reply.reply_type {
    case AMQP_RESPONSE_NORMAL: return
    case AMQP_RESPONSE_SERVER_EXCEPTION: throw error(reply.reply)
    case AMQP_RESPONSE_LIBRARY_EXCEPTION: try check(status: reply.library_error)
    default: throw .connectionLost("the broker closed it without a word")
    }
  }

  /// Throws what a status of the library says.
  func check(status: Int32) throws(BrokerError) {
    guard status != AMQP_STATUS_OK.rawValue else { return }
    let words = String(cString: amqp_error_string2(status))
    throw status == AMQP_STATUS_TIMEOUT.rawValue ? .deadline(words) : .connectionLost(words)
  }

  /// The error of a `channel.close` or `connection.close`.
  func error(_ method: amqp_method_t) -> BrokerError {
    let code: UInt16
    let text: amqp_bytes_t
    if method.id == sealpost_connection_close,
      let close = method.decoded?.assumingMemoryBound(to: amqp_connection_close_t.self)
    {
      (code, text) = (close.pointee.reply_code, close.pointee.reply_text)
    } else if method.id == sealpost_channel_close,
      let close = method.decoded?.assumingMemoryBound(to: amqp_channel_close_t.self)
    {
      (code, text) = (close.pointee.reply_code, close.pointee.reply_text)
    } else {
      return .connectionLost("unexpected method \(method.id)")
    }
    let words = String(
      decoding: UnsafeRawBufferPointer(start: text.bytes, count: text.len), as: UTF8.self)
    switch code {
    case 403: return .notPermitted(words: words)
    case 404: return .notFound(words: words)
    case 406 where words.contains("inequivalent"): return .preconditionFailed(words: words)
    default: return .closedByBroker(code: Int(code), words: words)
    }
  }

  /// librabbitmq writes to TLS sockets without MSG_NOSIGNAL.
  private static let ignoreBrokenPipes: Void = { signal(SIGPIPE, SIG_IGN) }()

  private func connect(_ settings: BrokerSettings) throws(BrokerError) {
    let socket = try url.isSecure ? secureSocket() : amqp_tcp_socket_new(state)
    guard let socket else { throw .unreachable(["\(url): out of memory"]) }
    var timeout = timeval(settings.connectTimeout)
    let status = amqp_socket_open_noblock(socket, url.host, Int32(url.port), &timeout)
    guard status == AMQP_STATUS_OK.rawValue else {
      throw .unreachable(["\(url): \(String(cString: amqp_error_string2(status)))"])
    }
    // A peer that is gone without a word must not hold a write up for the kernel's fifteen minutes.
    var milliseconds = UInt32(settings.heartbeat.milliseconds)
    setsockopt(
      fileDescriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds,
      socklen_t(MemoryLayout<UInt32>.size))
    var handshake = timeval(settings.connectTimeout)
    amqp_set_handshake_timeout(state, &handshake)
    var answer = timeval(Self.answerTimeout)
    amqp_set_rpc_timeout(state, &answer)
  }

  private func secureSocket() throws(BrokerError) -> OpaquePointer? {
    guard let socket = amqp_ssl_socket_new(state) else { return nil }
    func require(_ status: Int32, _ what: String) throws(BrokerError) {
      guard status == AMQP_STATUS_OK.rawValue else {
        throw .badURL(url: "\(url)", why: "\(what) cannot be used")
      }
    }
    let verifies = url.parameters["verify"] != "verify_none"
    amqp_ssl_socket_set_verify_peer(socket, verifies ? 1 : 0)
    amqp_ssl_socket_set_verify_hostname(socket, verifies ? 1 : 0)
    let authorities = url.parameters["cacertfile"] ?? "/etc/ssl/certs/ca-certificates.crt"
    if verifies { try require(amqp_ssl_socket_set_cacert(socket, authorities), "cacertfile") }
    if let certificate = url.parameters["certfile"], let key = url.parameters["keyfile"] {
      try require(amqp_ssl_socket_set_key(socket, certificate, key), "certfile or keyfile")
    }
    try require(
      amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST), "TLS 1.2")
    return socket
  }

  /// Logs in with the capabilities that make a deleted queue and a blocked connection known: without
  /// them both look like silence.
  private func logIn(_ settings: BrokerSettings, _ name: String) throws(BrokerError) {
    let arena = BytesArena()
    let capabilities: [(key: String, value: HeaderValue)] = [
      "publisher_confirms", "consumer_cancel_notify", "connection.blocked", "basic.nack",
      "authentication_failure_close", "exchange_exchange_bindings",
    ].map { ($0, .flag(true)) }
    var properties = arena.table([
      arena.entry("capabilities", .table(capabilities)),
      arena.entry("connection_name", .text(name)), arena.entry("product", .text("Sealpost")),
    ])
    let heartbeat = url.parameters["heartbeat"].flatMap { Int32($0) }
    let reply = sealpost_login(
      state, url.vhost, Self.frameBytes,
      heartbeat ?? Int32(settings.heartbeat.components.seconds), &properties, url.user, url.password
    )
    do throws(BrokerError) {
      try check(reply)
    } catch {
      switch error {
      case .notPermitted(let words) where words.contains("vhost"):
        throw .vhostRefused(url: "\(url)", words: words)
      case .notPermitted(let words): throw .accessRefused(url: "\(url)", words: words)
      case .closedByBroker(530, let words): throw .vhostRefused(url: "\(url)", words: words)
      default: throw .unreachable(["\(url): \(error.sentence)"])
      }
    }
  }
}

extension timeval {
  init(_ duration: Duration) {
    let milliseconds = Int(duration.milliseconds)
    self.init(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
  }
}
