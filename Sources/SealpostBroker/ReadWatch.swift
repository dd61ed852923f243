import Glibc
import SealpostCore
import Synchronization

/// Ends a connection whose peer floods us inside one call of librabbitmq.
///
/// The library goes on reading for as long as all that comes is heartbeats or frames of a type that it does
/// not know, keeps the latter, and looks at the clock only when nothing comes. So a thread looks ten times a
/// second at the connections that are inside a call that reads, and shuts the socket of one down that has
/// received more than any frame has room for.
final class ReadWatch: Sendable {
  fileprivate static let interval: UInt32 = 100_000
  /// A frame has at most 128 KiB; this much more may have come before the call began and not be read yet.
  fileprivate static let most: UInt64 = 64 << 20

  fileprivate static let watched = Mutex<[ObjectIdentifier: Sighting]>([:])
  private static let thread: Void = start()

  /// What the thread saw of a connection.
  fileprivate struct Sighting {
    let watch: ReadWatch
    var reads: UInt64 = 0
    var received: UInt64 = 0
  }

  /// Rises at the beginning and at the end of each call, so it is odd inside of one.
  fileprivate let reads = Atomic<UInt64>(0)
  /// A descriptor of our own: librabbitmq may close its own at any time, and the number be another's.
  fileprivate let descriptor: Int32

  /// Watches a socket until `end()`.
  init(_ socket: Int32) {
    descriptor = fcntl(socket, F_DUPFD_CLOEXEC, 0)
    Self.thread
    Self.watched.withLock { $0[ObjectIdentifier(self)] = Sighting(watch: self) }
  }

  func readBegins() { step() }

  func readEnds() { step() }

  /// Without an atomic addition, since only the connection's own thread writes.
  private func step() { reads.store(reads.load(ordering: .relaxed) &+ 1, ordering: .relaxed) }

  /// Watches no more. Exactly once.
  func end() {
    Self.watched.withLock { watched in
      watched[ObjectIdentifier(self)] = nil
      _ = Glibc.close(descriptor)
    }
  }

  private static func start() {
    var handle = pthread_t()
    let status = pthread_create(
      &handle, nil,
      { _ in
        while true {
          usleep(ReadWatch.interval)
          ReadWatch.watched.withLock { watched in
            for key in watched.keys { watched[key]?.look() }
          }
        }
      }, nil)
    precondition(status == 0, "pthread_create(3) fails only when the machine is out of threads")
    pthread_detach(handle)
  }
}

extension ReadWatch.Sighting {
  /// Compares with what was seen last.
  fileprivate mutating func look() {
    let now = watch.reads.load(ordering: .relaxed)
    guard now % 2 == 1 else { return }
    let bytes = watch.bytesReceived
    if now != reads {
      (reads, received) = (now, bytes)
    } else if bytes - received > ReadWatch.most {
      shutdown(watch.descriptor, Int32(SHUT_RDWR))
    }
  }
}

extension ReadWatch {
  /// How many bytes the peer has sent so far: `tcpi_bytes_received`, which glibc's `struct tcp_info` leaves
  /// out (linux/tcp.h).
  fileprivate var bytesReceived: UInt64 {
    var info = [UInt8](repeating: 0, count: 136)
    var size = socklen_t(info.count)
    guard getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &size) == 0, size == 136
    else { return 0 }
    return info.withUnsafeBytes { $0.load(fromByteOffset: 128, as: UInt64.self) }
  }
}
