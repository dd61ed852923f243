internal import CLinux
import Glibc
import Synchronization

/// Messages to one thread, which sleeps in `poll` or `epoll` on the mailbox's descriptor.
///
/// Any thread posts; one thread drains. The first message after a drain always signals, so that no
/// wake-up can be lost; further ones cost a lock and an append.
package final class Mailbox<Message: Sendable>: Sendable {
  private struct State {
    var messages: [Message] = []
    var weight = 0
  }

  /// Readable while there may be messages. Owned by the mailbox.
  package let fileDescriptor: Int32
  private let signalWeight: Int
  private let state = Mutex(State())

  /// Makes a mailbox.
  ///
  /// - Parameter signalWeight: signals again when the weight of what waits reaches this.
  package init(signalWeight: Int = .max) {
    self.signalWeight = signalWeight
    self.fileDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    precondition(
      fileDescriptor >= 0, "eventfd(2) fails only when the process is out of descriptors")
  }

  deinit { close(fileDescriptor) }

  /// Leaves a message. Any thread.
  package func post(_ message: Message, weight: Int = 1) {
    let signals = state.withLock { state in
      let isFirst = state.messages.isEmpty
      let before = state.weight
      state.messages.append(message)
      state.weight += weight
      return isFirst || (before < signalWeight && state.weight >= signalWeight)
    }
    if signals { eventfd_write(fileDescriptor, 1) }
  }

  /// The weight of what waits.
  package var weight: Int { state.withLock { $0.weight } }

  /// Takes everything there is. The receiving thread only.
  package func drain() -> [Message] {
    clearSignal()
    return state.withLock { state in
      let messages = state.messages
      state.messages = []
      state.weight = 0
      return messages
    }
  }

  /// Sleeps until there are messages, a signal came, or the time is over. The receiving thread only.
  package func wait(milliseconds: Int32) {
    var descriptor = pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0)
    _ = poll(&descriptor, 1, milliseconds)
  }

  /// Forgets a signal without taking the messages, before waiting for the next one.
  package func clearSignal() {
    var ignored: eventfd_t = 0
    eventfd_read(fileDescriptor, &ignored)
  }
}
