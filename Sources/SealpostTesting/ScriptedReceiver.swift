import Glibc
import Synchronization

/// A receiver whose answers are bytes that the test chose: a listening socket and a thread for each
/// connection. Keeps what it received.
public final class ScriptedReceiver: Sendable {
  /// What it does with a request.
  public enum Answer: Sendable {
    /// Sends these bytes and keeps the connection.
    case bytes(String)
    /// Sends these bytes and closes.
    case lastBytes(String)
    /// Sends these bytes again and again until the peer has had enough.
    case endless(String, then: String)
    /// Sends a reset.
    case reset
    /// Sends nothing until the peer has had enough.
    case silence

    /// An answer with a status and a body.
    public static func status(_ status: Int, headers: String = "", body: String = "ok") -> Answer {
      .bytes("HTTP/1.1 \(status) X\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }
  }

  /// A request as it came.
  public struct Request: Sendable {
    /// Request line and headers.
    public let head: String
    /// The body.
    public let body: String
  }

  private struct State {
    var requests: [Request] = []
    var connections = 0
  }

  /// The port on the loopback address.
  public let port: UInt16
  private let listener: Int32
  private let script: @Sendable (Request) -> Answer
  private let state = Mutex(State())

  /// What was received.
  public var requests: [Request] { state.withLock { $0.requests } }
  /// How many connections were accepted.
  public var connections: Int { state.withLock { $0.connections } }

  /// Listens on a free port.
  public init(_ script: @escaping @Sendable (Request) -> Answer) {
    self.script = script
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var chosen = FreePort.find()
    while !FreePort.bind(listener, chosen) { chosen = FreePort.find() }
    port = chosen
    listen(listener, 1024)
    let (listener, accept) = (listener, { @Sendable [weak self] in self?.serve($0) })
    Thread.start {
      while true {
        let connection = Glibc.accept(listener, nil, nil)
        guard connection >= 0 else {
          // Not before this thread has let go of its number, which the next receiver may get.
          close(listener)
          return
        }
        Thread.start { accept(connection) }
      }
    }
  }

  deinit {
    // Ends the accepting thread, which closes it.
    shutdown(listener, Int32(SHUT_RDWR))
  }

  private func serve(_ connection: Int32) {
    state.withLock { $0.connections += 1 }
    var buffer: [UInt8] = []
    while let request = Self.read(connection, &buffer) {
      state.withLock { $0.requests.append(request) }
      guard answer(script(request), connection) else { break }
    }
    close(connection)
  }

  private func answer(_ answer: Answer, _ connection: Int32) -> Bool {
    switch answer {
    case .bytes(let text): return Self.write(connection, text)
    case .lastBytes(let text):
      _ = Self.write(connection, text)
      return false
    case .endless(let text, let more):
      guard Self.write(connection, text) else { return false }
      while Self.write(connection, more) {}
      return false
    case .reset:
      var linger = linger(l_onoff: 1, l_linger: 0)
      setsockopt(
        connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
      return false
    case .silence:
      var byte: UInt8 = 0
      while recv(connection, &byte, 1, 0) > 0 {}
      return false
    }
  }

  private static func write(_ connection: Int32, _ text: String) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes {
        send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard sent > 0 else { return false }
      rest = rest.dropFirst(sent)
    }
    return true
  }

  private static func read(_ connection: Int32, _ buffer: inout [UInt8]) -> Request? {
    let end = Array("\r\n\r\n".utf8)
    while true {
      if let head = buffer.firstRange(of: end) {
        let text = String(decoding: buffer[..<head.lowerBound], as: UTF8.self)
        let length =
          text.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
          .flatMap { Int($0.dropFirst(16)) } ?? 0
        if buffer.count >= head.upperBound + length {
          let body = buffer[head.upperBound..<head.upperBound + length]
          buffer.removeFirst(head.upperBound + length)
          return Request(head: text, body: String(decoding: body, as: UTF8.self))
        }
      }
      var chunk = [UInt8](repeating: 0, count: 65_536)
      let count = recv(connection, &chunk, chunk.count, 0)
      guard count > 0 else { return nil }
      buffer += chunk[..<count]
    }
  }
}

/// A detached thread.
enum Thread {
  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  static func start(_ run: @escaping @Sendable () -> Void) {
    var handle = pthread_t()
    pthread_create(
      &handle, nil,
      { argument in
        Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(Body(run)).toOpaque())
    pthread_detach(handle)
  }
}
