internal import CRabbitMQ
import Glibc

/// A connection to the broker: socket, login, channels. Blocking, and for one thread at a time; it may
/// be handed from one to another. Closed when the last reference goes.
///
/// What comes from the broker is believed only as far as it was checked: one frame at a time, on a channel
/// that is open (`BrokerConnection+Frames`). librabbitmq's own calls that wait for an answer are not used,
/// since they keep all else that comes meanwhile, without a bound and without looking at the clock.
public final class BrokerConnection {
  static let frameBytes: Int32 = 131_072
  private static let answerTimeout = Duration.seconds(10)

  let state: amqp_connection_state_t
  let url: BrokerURL
  /// Takes the frames that come while a call waits for its answer.
  var meanwhile: ((amqp_frame_t) throws(BrokerError) -> Void)?
  private(set) var lastChannel: amqp_channel_t = 0
  private(set) var watch: ReadWatch?
  private var isOpen = true

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
      watch = ReadWatch(fileDescriptor)
      try logIn(settings, name)
    } catch {
      close()
      throw error
    }
  }

  deinit { close() }

  /// Closes the connection; the broker takes back what was not acknowledged. Does nothing the second
  /// time.
  public func close() {
    guard isOpen else { return }
    isOpen = false
    watch?.end()
    // Without the handshake of connection.close, which could block: the broker sees the socket close.
    amqp_destroy_connection(state)
  }

  /// Says goodbye and waits for the answer, at most as long as for any other; then only `close()` is left.
  func end() {
    guard isOpen else { return }
    var request = amqp_connection_close_t()
    request.reply_code = UInt16(AMQP_REPLY_SUCCESS)
    _ = try? call(
      0, sealpost_connection_close, request, answer: sealpost_connection_close_ok)
  }

  /// Opens one more channel.
  func openChannel() throws(BrokerError) -> amqp_channel_t {
    lastChannel += 1
    try call(
      lastChannel, sealpost_channel_open, amqp_channel_open_t(), answer: sealpost_channel_open_ok)
    return lastChannel
  }

  /// Takes frames that are larger than was agreed, on a connection that only consumes. RabbitMQ holds the
  /// publisher to the limit, and then adds headers of its own to the message (`x-delivery-count`, `x-death`):
  /// a message that nobody can take would come again for ever, and all behind it wait.
  func takeLargerFrames() throws(BrokerError) {
    try check(
      status: amqp_tune_connection(
        state, amqp_get_channel_max(state), amqp_get_frame_max(state) + Self.frameBytes,
        amqp_get_heartbeat(state)))
  }

  /// Closes a channel, after which nothing more comes on it.
  func closeChannel(_ channel: amqp_channel_t) throws(BrokerError) {
    var request = amqp_channel_close_t()
    request.reply_code = UInt16(AMQP_REPLY_SUCCESS)
    try call(channel, sealpost_channel_close, request, answer: sealpost_channel_close_ok)
    amqp_maybe_release_buffers(state)
  }

  /// Sends a method and waits for its answer, which is good until the next frame is read.
  @discardableResult
  func call<Request>(
    _ channel: amqp_channel_t, _ method: amqp_method_number_t, _ request: Request,
    answer: amqp_method_number_t
  ) throws(BrokerError) -> amqp_method_t {
    try send(channel, method, request)
    return try wait(for: answer, on: channel, before: ContinuousClock.now + Self.answerTimeout)
  }

  /// Sends a method.
  func send<Request>(
    _ channel: amqp_channel_t, _ method: amqp_method_number_t, _ request: Request
  ) throws(BrokerError) {
    var request = request
    let status = withUnsafeMutablePointer(to: &request) {
      amqp_send_method(state, channel, method, $0)
    }
    try check(status: status)
  }

  /// Throws what a status of the library says.
  func check(status: Int32) throws(BrokerError) {
    guard status != AMQP_STATUS_OK.rawValue else { return }
    let words = String(cString: amqp_error_string2(status))
    throw status == AMQP_STATUS_TIMEOUT.rawValue ? .deadline(words) : .connectionLost(words)
  }

  /// librabbitmq writes to TLS sockets without MSG_NOSIGNAL.
  private static let ignoreBrokenPipes: Void = { signal(SIGPIPE, SIG_IGN) }()

  private func connect(_ settings: BrokerSettings) throws(BrokerError) {
    let socket = try url.isSecure ? secureSocket() : amqp_tcp_socket_new(state)
    guard let socket else { throw .unreachable(["\(url): out of memory"]) }
    var timeout = timeval(settings.connectTimeout)
    let status = amqp_socket_open_noblock(socket, url.host, Int32(url.port), &timeout)
    guard status == AMQP_STATUS_OK.rawValue else {
      throw .unreachable(["\(url): \(String(cString: amqp_error_string2(status)))\(tlsHint)"])
    }
    // A peer that is gone without a word must not hold a write up for the kernel's fifteen minutes.
    var milliseconds = UInt32(settings.heartbeat.milliseconds)
    setsockopt(
      fileDescriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds,
      socklen_t(MemoryLayout<UInt32>.size))
  }
}

extension timeval {
  init(_ duration: Duration) {
    let milliseconds = Int(duration.milliseconds)
    self.init(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
  }
}
