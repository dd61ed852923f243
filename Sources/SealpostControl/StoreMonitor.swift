import SealpostCore
public import SealpostMonitoring
public import SealpostStore
public import ServiceLifecycle
import Synchronization

/// Asks the store every second for next to nothing, to see whether it answers, and now and then for how much
/// the backlog holds.
public final class StoreMonitor: Service, Monitored {
  private struct State {
    var answeredAt: Int64?
    var answerTime: Duration = .zero
    var backlog: [BacklogState: Int] = [:]
    var problem: String?
  }

  private static let interval = Duration.seconds(1)
  private static let countInterval: Int64 = 30_000_000_000
  private static let mostCounted = 100_000
  /// For how long an answer counts, in nanoseconds.
  private static let patience: Int64 = 5_000_000_000

  private let store: any WebhookStore & Backlog
  private let isNeeded: Bool
  private let state = Mutex(State())

  /// Makes a monitor.
  ///
  /// - Parameter isNeeded: whether the process can do nothing without the store's answers. A worker goes on
  ///   with what it knows, and sees by its commits how the store is.
  public init(store: any WebhookStore & Backlog, isNeeded: Bool) {
    self.store = store
    self.isNeeded = isNeeded
  }

  /// Asks until a graceful shutdown.
  public func run() async throws {
    await cancelWhenGracefulShutdown {
      var countAt = MonotonicTime.nanoseconds()
      while !Task.isCancelled {
        if await self.ask(), MonotonicTime.nanoseconds() >= countAt {
          await self.count()
          countAt = MonotonicTime.nanoseconds() + Self.countInterval
        }
        try? await Task.sleep(for: Self.interval)
      }
    }
  }

  /// As `Monitored` says.
  public func metrics() -> [MetricFamily] {
    let state = state.withLock { $0 }
    return [
      MetricFamily(
        "sealpost_store_up", .gauge, "1 while the store answers.",
        problem(state) == nil ? 1 : 0),
      MetricFamily(
        "sealpost_store_answer_seconds", .gauge, "How long the store's last answer took.",
        state.answerTime / .seconds(1)),
      MetricFamily(
        "sealpost_backlog_deliveries", .gauge, "Rows of the backlog.",
        BacklogState.allCases.map {
          MetricSample(state.backlog[$0] ?? 0, ("state", $0.rawValue))
        }),
    ]
  }

  /// As `Monitored` says.
  public func readiness() -> [ReadinessPart] {
    isNeeded ? [ReadinessPart("store", problem: problem(state.withLock { $0 }))] : []
  }

  private func problem(_ state: State) -> String? {
    guard let answeredAt = state.answeredAt else {
      return state.problem ?? "the store has not answered yet"
    }
    let age = MonotonicTime.nanoseconds() - answeredAt
    guard age >= Self.patience else { return nil }
    return state.problem ?? "the store has not answered for \(age / 1_000_000_000) s"
  }

  private func ask() async -> Bool {
    let begun = MonotonicTime.nanoseconds()
    do throws(StoreError) {
      _ = try await store.directoryChange(since: .max)
    } catch {
      state.withLock { $0.problem = error.sentence }
      return false
    }
    let now = MonotonicTime.nanoseconds()
    state.withLock {
      $0.answeredAt = now
      $0.answerTime = .nanoseconds(now - begun)
      $0.problem = nil
    }
    return true
  }

  private func count() async {
    guard let counts = try? await store.backlogCounts(account: nil, upTo: Self.mostCounted) else {
      return
    }
    state.withLock { $0.backlog = counts }
  }
}
