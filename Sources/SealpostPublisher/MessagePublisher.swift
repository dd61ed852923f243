package import SealpostBroker
import SealpostCore
import SealpostThreads
import Synchronization

/// Publishes messages for many callers over one connection of its own, on one thread of its own, which is made
/// when it is first needed. A caller is answered when the broker has all of its messages.
package final class MessagePublisher<Message: PublishableMessage>: Sendable {
  private struct State {
    var thread: WorkerThread?
    var isStopped = false
  }

  private let settings: BrokerSettings
  private let rules: PublishingRules
  private let mailbox = Mailbox<PublishOrder<Message>>()
  private let state = Mutex(State())

  /// Makes a publisher that connects when it has something to publish.
  package init(settings: BrokerSettings, rules: PublishingRules) {
    self.settings = settings
    self.rules = rules
  }

  deinit { mailbox.post(.stop) }

  /// Publishes messages and returns when the broker has all of them.
  ///
  /// - Throws: `PublishError` where one was returned, refused, or not confirmed in time, or
  ///   `CancellationError`. Others, and after a cancellation all, may have been taken: whoever repeats the call
  ///   gives each the same identity.
  package func publish(_ messages: [Message]) async throws {
    guard !messages.isEmpty else { return }
    let receipt = PublishReceipt()
    let deadline = MonotonicTime.nanoseconds() + rules.timeout.nanoseconds
    state.withLock { state in
      guard !state.isStopped else { return receipt.end(PublishError.stopped) }
      if state.thread == nil {
        state.thread = WorkerThread("publisher") { [settings, rules, mailbox] in
          PublishingLoop(settings: settings, rules: rules, mailbox: mailbox).run()
        }
      }
      mailbox.post(.publish(messages, receipt, deadline: deadline))
    }
    try await receipt.wait()
  }

  /// Ends the thread after what was handed in before; nothing can be published any more.
  package func shutdown() async {
    let thread = state.withLock { state in
      state.isStopped = true
      mailbox.post(.stop)
      return state.thread
    }
    await thread?.ended()
  }
}

/// What callers want of the thread.
enum PublishOrder<Message: Sendable>: Sendable {
  case publish([Message], PublishReceipt, deadline: Int64)
  case stop
}
