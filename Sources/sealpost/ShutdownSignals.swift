import Foundation
import Synchronization

/// SIGTERM and SIGINT: the first one begins the shutdown, the second one ends the process at once, and the
/// broker gives back what was in flight.
///
/// Plain handlers and a pipe, of which all that a handler does is allowed (signal-safety(7)). Signals that
/// are read as events come late or never where the process is too busy to read them, which is just when
/// somebody sends a second one.
enum ShutdownSignals {
  /// Handles both from now on. `begin` is called once, on a thread of its own.
  static func handle(_ begin: @escaping @Sendable () -> Void) {
    _ = signalWriteEnd.load(ordering: .relaxed)
    Thread.detachNewThread {
      _ = signalPipe.fileHandleForReading.readData(ofLength: 1)
      begin()
    }
    for number in [SIGTERM, SIGINT] {
      signal(number) { _ in
        guard signalCount.add(1, ordering: .relaxed).oldValue == 0 else { _exit(130) }
        var byte: UInt8 = 0
        _ = write(signalWriteEnd.load(ordering: .relaxed), &byte, 1)
      }
    }
  }
}

// A handler may reach nothing but what is global.
private let signalCount = Atomic(0)
private let signalPipe = Pipe()
private let signalWriteEnd = Atomic(signalPipe.fileHandleForWriting.fileDescriptor)
