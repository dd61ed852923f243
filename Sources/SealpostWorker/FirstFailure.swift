import Synchronization

/// The failure that ended a worker: of several, the first.
final class FirstFailure: Sendable {
  private let failure = Mutex<Worker.Failure?>(nil)

  var first: Worker.Failure? { failure.withLock { $0 } }

  func note(_ new: Worker.Failure) { failure.withLock { $0 = $0 ?? new } }
}
