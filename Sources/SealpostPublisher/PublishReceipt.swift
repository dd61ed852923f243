import Synchronization

/// What a caller waits for. It ends once: by the broker's word, an error, or the caller's own cancellation.
final class PublishReceipt: Sendable {
  private enum State {
    case open(CheckedContinuation<(any Error)?, Never>?)
    case ended((any Error)?)
  }

  private let state = Mutex(State.open(nil))

  /// Whether nobody waits any more.
  var hasEnded: Bool {
    state.withLock { state in
      if case .ended = state { return true }
      return false
    }
  }

  /// Ends it, nil where all is well. Any thread; only the first call counts.
  func end(_ failure: (any Error)?) {
    let waiter = state.withLock { state -> CheckedContinuation<(any Error)?, Never>? in
      guard case .open(let waiter) = state else { return nil }
      state = .ended(failure)
      return waiter
    }
    waiter?.resume(returning: failure)
  }

  /// Returns when it has ended well. One caller.
  ///
  /// - Throws: what it ended with; `CancellationError` as soon as the task is cancelled.
  func wait() async throws {
    let failure = await withTaskCancellationHandler {
      await withCheckedContinuation { (waiter: CheckedContinuation<(any Error)?, Never>) in
        let ended = state.withLock { state -> State in
          if case .open = state { state = .open(waiter) }
          return state
        }
        if case .ended(let failure) = ended { waiter.resume(returning: failure) }
      }
    } onCancel: {
      end(CancellationError())
    }
    if let failure { throw failure }
  }
}
