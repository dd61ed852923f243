import SealpostCore
import SealpostStore
import Synchronization

/// The right to do what one of several workers does at a time: a row of the store that lasts for a while
/// and is renewed in time. Whoever has it and dies is followed by another when it ends.
final class Lease: Sendable {
  private struct State {
    var isHeld = false
    /// When the store is asked again; until then the last answer holds.
    var askAt: Int64 = 0
  }

  /// How soon at the latest another one that gives it back is noticed.
  private static let pause = Duration.milliseconds(500)

  private let name: String
  private let owner: String
  private let duration: Duration
  private let store: any BacklogQueue
  private let state = Mutex(State())

  init(
    _ name: String, of owner: String, for duration: Duration, store: any BacklogQueue
  ) {
    self.name = name
    self.owner = owner
    self.duration = duration
    self.store = store
  }

  /// Takes or keeps it; false where another worker has it. Blocks its caller.
  func take() throws(StoreError) -> Bool {
    let now = MonotonicTime.nanoseconds()
    let known = state.withLock { $0.askAt > now ? $0.isHeld : nil }
    if let known { return known }
    state.withLock { $0.isHeld = false }
    let isHeld = try store.takeLease(name, owner: owner, for: duration)
    let patience = isHeld ? duration / 4 : min(Self.pause, duration / 4)
    state.withLock { $0 = State(isHeld: isHeld, askAt: now + patience.nanoseconds) }
    return isHeld
  }

  /// The same without holding a thread of the cooperative pool.
  func takeSoon() async throws(StoreError) -> Bool {
    try await StoreThread.run { () throws(StoreError) in try self.take() }
  }

  /// Lets another worker have it at once. Where the store fails it ends by itself. Blocks its caller.
  func giveBack() {
    guard state.withLock({ $0.isHeld }) else { return }
    state.withLock { $0 = State() }
    try? store.giveBackLease(name, owner: owner)
  }

  /// The same without holding a thread of the cooperative pool.
  func giveBackSoon() async {
    try? await StoreThread.run { () throws(StoreError) in self.giveBack() }
  }
}
