import Foundation
public import SealpostBroker
public import SealpostCore
public import ServiceLifecycle
import Synchronization

/// Reads how full the queues are, and as a service keeps what it read over the last hour.
public final class QueueMonitor: Service {
  /// What was read at one time.
  public struct Sample: Sendable {
    /// When.
    public var at: Timestamp
    /// One for each queue.
    public var depths: [QueueDepth]
  }

  private static let interval = Duration.seconds(10)
  private static let kept = 360

  private let settings: BrokerSettings
  private let samples = Mutex<[Sample]>([])

  /// Makes a monitor.
  public init(settings: BrokerSettings) { self.settings = settings }

  /// The last hour, oldest first, a sample every ten seconds while the broker could be reached. Empty where
  /// the monitor does not run.
  public var history: [Sample] { samples.withLock { $0 } }

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

  /// Samples until a graceful shutdown.
  public func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        if let depths = try? await self.read() {
          self.samples.withLock { samples in
            samples.append(Sample(at: .now(), depths: depths))
            if samples.count > Self.kept { samples.removeFirst() }
          }
        }
        try? await Task.sleep(for: Self.interval)
      }
    }
  }
}
