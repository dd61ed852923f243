import Glibc
import Synchronization

/// Stands between a client and a server on the loopback address, and loses the connection when the server
/// answers with certain bytes: the client never has that answer.
public final class LossyProxy: Sendable {
  private struct State {
    var answer: [UInt8]?
    var losses = 0
  }

  /// The port that clients connect to.
  public let port: UInt16
  private let server: UInt16
  private let listener: Int32
  private let state = Mutex(State())

  /// How many answers were lost.
  public var losses: Int { state.withLock { $0.losses } }

  /// Listens on a free port and passes everything on to a server's.
  public init(to server: UInt16) {
    self.server = server
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var chosen = FreePort.find()
    while !FreePort.bind(listener, chosen) { chosen = FreePort.find() }
    port = chosen
    listen(listener, 16)
    let (listener, serve) = (listener, { @Sendable [weak self] in self?.serve($0) })
    Thread.start {
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else {
          close(listener)
          return
        }
        serve(connection)
      }
    }
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  /// Loses the next answer that holds these bytes.
  public func lose(_ answer: String) { state.withLock { $0.answer = Array(answer.utf8) } }

  private func serve(_ client: Int32) {
    let upstream = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = FreePort.loopback(server)
    _ = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(upstream, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    Thread.start { Self.pass(from: client, to: upstream) { _ in true } }
    Thread.start { [self] in
      Self.pass(from: upstream, to: client) { !isLost($0) }
      close(client)
      close(upstream)
    }
  }

  private func isLost(_ bytes: ArraySlice<UInt8>) -> Bool {
    state.withLock { state in
      guard let answer = state.answer, bytes.contains(answer) else { return false }
      state.answer = nil
      state.losses += 1
      return true
    }
  }

  private static func pass(
    from source: Int32, to target: Int32, while condition: (ArraySlice<UInt8>) -> Bool
  ) {
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = recv(source, &buffer, buffer.count, 0)
      guard count > 0, condition(buffer[..<count]) else { break }
      var sent = 0
      while sent < count {
        let step = buffer[sent..<count].withUnsafeBytes {
          send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard step > 0 else { break }
        sent += step
      }
      guard sent == count else { break }
    }
    shutdown(source, Int32(SHUT_RDWR))
    shutdown(target, Int32(SHUT_RDWR))
  }
}
