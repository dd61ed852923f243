internal import CLinux
import Glibc
import Synchronization

/// A named thread that runs one function to its end and can be awaited.
///
/// librabbitmq, libcurl and SQLite block, so they live on threads like this and never on the
/// cooperative pool.
package final class WorkerThread: Sendable {
  /// librabbitmq decodes tables in tables by recursion. The deepest that fits into a frame of 128 KiB takes
  /// 3 MiB, consumers take frames of twice that, and a default (`ulimit -s`) may be less. It is address space,
  /// and no memory before it is used.
  private static let stackBytes = 16 << 20

  private struct State {
    var hasEnded = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private final class Start {
    let name: String
    let body: @Sendable () -> Void
    let thread: WorkerThread
    init(name: String, body: @escaping @Sendable () -> Void, thread: WorkerThread) {
      self.name = name
      self.body = body
      self.thread = thread
    }
  }

  private let state = Mutex(State())

  /// Starts a thread.
  ///
  /// - Parameters:
  ///   - name: what debuggers and `top -H` show, at most 15 bytes of it.
  ///   - body: runs on the new thread.
  package init(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let start = Unmanaged.passRetained(Start(name: name, body: body, thread: self))
    var handle = pthread_t()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, Self.stackBytes)
    defer { pthread_attr_destroy(&attributes) }
    let status = pthread_create(
      &handle, &attributes,
      { argument in
        let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
        _ = sealpost_name_thread(String(start.name.prefix(15)))
        start.body()
        start.thread.end()
        return nil
      }, start.toOpaque())
    precondition(status == 0, "pthread_create(3) fails only when the machine is out of threads")
    pthread_detach(handle)
  }

  /// Returns when the thread has ended.
  package func ended() async {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        if !state.hasEnded { state.waiters.append(continuation) }
        return state.hasEnded
      }
      if isOver { continuation.resume() }
    }
  }

  private func end() {
    let waiters = state.withLock { state in
      state.hasEnded = true
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }
}
