import Glibc
import Synchronization

@testable import SealpostBroker

/// A broker that says what it is told to on each connection, whatever it hears.
final class ScriptedBroker: Sendable {
  static let shared = ScriptedBroker()

  let settings: BrokerSettings
  private let listener: Int32
  private let script = Mutex<[UInt8]>([])
  private let connections = Mutex<[Int32]>([])

  private init() {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let port = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, size)
        listen(listener, 16)
        getsockname(listener, address, &size)
      }
      return UInt16(bigEndian: pointer.pointee.sin_port)
    }
    guard let url = try? BrokerURL(parsing: "amqp://127.0.0.1:\(port)?heartbeat=0") else {
      preconditionFailure("a URL of our own")
    }
    settings = BrokerSettings(urls: [url], connectTimeout: .seconds(20))
    var thread = pthread_t()
    pthread_create(&thread, nil, { _ in ScriptedBroker.shared.serve() }, nil)
  }

  /// What is said on the next connection, after which our side says no more.
  func say(_ bytes: [UInt8]) { script.withLock { $0 = bytes } }

  /// Closes what was accepted.
  func hangUp() {
    connections.withLock { connections in
      for connection in connections { close(connection) }
      connections = []
    }
  }

  private func serve() -> Never {
    while true {
      let connection = accept(listener, nil, nil)
      let bytes = script.withLock { $0 }
      // Until all is said nobody hangs up: the descriptor's number could be another's by then.
      connections.withLock { connections in
        connections.append(connection)
        _ = bytes.withUnsafeBytes {
          send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        shutdown(connection, Int32(SHUT_WR))
      }
    }
  }
}

extension ScriptedBroker {
  private static func method(_ channel: UInt8, _ method: [UInt8], _ arguments: [UInt8]) -> [UInt8] {
    let size = UInt8(4 + arguments.count)
    return [1, 0, channel, 0, 0, 0, size, 0, method[0], 0, method[1]] + arguments + [0xCE]
  }

  /// Start, tune, open-ok, and channel 1.
  private static let open =
    method(0, [10, 10], [0, 9, 0, 0, 0, 0, 0, 0, 0, 5] + Array("PLAIN".utf8) + [0, 0, 0, 0])
    + method(0, [10, 30], [0, 0, 0, 0, 0, 0, 0, 0]) + method(0, [10, 41], [0])
    + method(1, [20, 11], [0, 0, 0, 0])

  /// Up to the answer to basic.consume.
  static let consuming =
    open + method(1, [60, 11], []) + method(1, [60, 21], [6] + Array("fuzz.0".utf8))

  /// Up to the answer to confirm.select.
  static let confirming = open + method(1, [85, 11], [])
}
