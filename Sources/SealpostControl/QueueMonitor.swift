import Foundation
public import SealpostBroker
public import SealpostCore
import SealpostThreads
import SealpostWorker
public import ServiceLifecycle
import Synchronization

/// Reads how full the queues are. As a service it does so every two seconds on a connection of its own, hears
/// what workers take from them, and keeps the last hour.
public final class QueueMonitor: Service {
  /// What was read at one time.
  public struct Sample: Sendable {
    /// When.
    public var at: Timestamp
    /// One for each queue.
    public var depths: [QueueDepth]
  }

  /// What was read last.
  public struct Reading: Sendable {
    /// When.
    public var at: Timestamp
    /// One for each queue.
    public var queues: [QueueState]
  }

  private struct State {
    var samples: [Sample] = []
    var depths: [QueueDepth] = []
    var at: Timestamp?
    var ages: QueueAges
    var rates = QueueRates()
    var problem: String?

    /// Depths, with what is known of their queues besides.
    func queues(_ depths: [QueueDepth]) -> [QueueState] {
      let now = Timestamp.now()
      return depths.map {
        QueueState(
          depth: $0, oldestAge: ages.age(of: $0, now: now), rates: rates.rates(of: $0.queue))
      }
    }
  }

  private static let interval: Int64 = 2_000_000_000
  private static let sampleInterval = Duration.seconds(10)
  private static let kept = 360

  /// Where the queues are.
  public let settings: BrokerSettings
  /// When it began to watch.
  let begun = Timestamp.now()
  private let state: Mutex<State>
  private let isStopping = Atomic(false)

  /// Makes a monitor.
  public init(settings: BrokerSettings) {
    self.settings = settings
    state = Mutex(State(ages: QueueAges(settings: settings, now: begun)))
  }

  /// The last hour, oldest first, a sample every ten seconds while the broker could be reached. Empty where
  /// the monitor does not run.
  public var history: [Sample] { state.withLock { $0.samples } }

  /// What was read last, the ages as they are now; nil where nothing was read yet.
  public var latest: Reading? {
    state.withLock { state in
      state.at.map { Reading(at: $0, queues: state.queues(state.depths)) }
    }
  }

  /// Why nothing was read lately; nil where something was.
  public var problem: String? { state.withLock { $0.problem } }

  /// Asks the broker now.
  ///
  /// - Throws: `BrokerError`.
  public func read() async throws -> [QueueDepth] {
    let settings = settings
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(
          with: Result {
            let connection = try BrokerConnection.open(settings, name: "sealpost queues")
            defer { connection.close() }
            return try QueueDepth.read(on: connection, settings: settings)
          })
      }
    }
  }

  /// Asks the broker now how full the queues are; ages and rates are those of the last look, the age counted from
  /// the monitor's start before there was one.
  ///
  /// - Throws: `BrokerError`.
  public func readStates() async throws -> [QueueState] {
    let depths = try await read()
    return state.withLock { $0.queues(depths) }
  }

  /// Watches until a graceful shutdown, or until it is cancelled.
  public func run() async throws {
    let thread = WorkerThread("queues") { self.watch() }
    try? await gracefulShutdown()
    isStopping.store(true, ordering: .releasing)
    await thread.ended()
  }

  /// The thread.
  private func watch() {
    var settings = settings
    let name = "queues-\(getpid())-\(UInt32.random(in: .min ... .max))"
    while !isStopping.load(ordering: .acquiring) {
      do throws(BrokerError) {
        let channel = try ControlChannel(
          connection: try BrokerConnection.open(settings, name: "sealpost queues"),
          names: settings.names, name: name)
        defer { channel.close() }
        try watch(channel, settings)
      } catch {
        state.withLock { $0.problem = error.sentence }
        settings.tryAnotherFirst()
        let until = MonotonicTime.nanoseconds() + Self.interval
        while MonotonicTime.nanoseconds() < until, !isStopping.load(ordering: .acquiring) {
          usleep(100_000)
        }
      }
    }
  }

  private func watch(_ channel: ControlChannel, _ settings: BrokerSettings) throws(BrokerError) {
    var lookAt = MonotonicTime.nanoseconds()
    while !isStopping.load(ordering: .acquiring) {
      var descriptor = pollfd(fd: channel.fileDescriptor, events: Int16(POLLIN), revents: 0)
      let left = max(0, lookAt - MonotonicTime.nanoseconds()) / 1_000_000
      // Not for longer, so that stopping is quick.
      _ = poll(&descriptor, 1, Int32(min(left, 200)))
      try channel.read { text in
        guard let news = QueueNews(text) else { return }
        state.withLock { state in
          state.ages.note(news, now: .now())
          state.rates.note(news)
        }
      }
      guard MonotonicTime.nanoseconds() >= lookAt else { continue }
      lookAt = MonotonicTime.nanoseconds() + Self.interval
      note(try channel.depths(of: settings), at: .now())
    }
  }

  private func note(_ depths: [QueueDepth], at now: Timestamp) {
    state.withLock { state in
      state.depths = depths
      state.at = now
      state.problem = nil
      for depth in depths {
        state.ages.note(depth, now: now)
        state.rates.note(depth, now: now)
      }
      if let last = state.samples.last, now - last.at < Self.sampleInterval { return }
      state.samples.append(Sample(at: now, depths: depths))
      if state.samples.count > Self.kept { state.samples.removeFirst() }
    }
  }
}
