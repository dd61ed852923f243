import Logging
import SealpostCore
import SealpostMonitoring
import SealpostStore

/// Removes what is older than the retention, in slices between the recorder's commits; of several workers one
/// at a time.
struct Retention {
  private static let interval = Duration.seconds(600)
  private static let slice = 2000
  private static let parkedTime = Duration.seconds(7 * 86400)
  private static let auditTime = Duration.seconds(400 * 86400)
  private static let mostOfWebhook = 1_000_000

  let store: any BacklogQueue & EventLog & AuditLog
  let settings: WorkerSettings
  let metrics: RecorderMetrics
  let workerName: String
  let logger: Logger

  /// Prunes until cancelled.
  func run() async {
    // Longer than the pause, so that whoever did it last does it next.
    let lease = Lease("retention", of: workerName, for: Self.interval * 2, store: store)
    while !Task.isCancelled {
      do throws(StoreError) {
        if try await lease.takeSoon() { try await prune() }
      } catch {
        logger.warning("old rows cannot be removed", metadata: ["error": "\(error.sentence)"])
      }
      try? await Task.sleep(for: Self.interval)
    }
    await lease.giveBackSoon()
  }

  private func prune() async throws(StoreError) {
    let limit = Timestamp.now() - settings.logRetention
    var removed = 0
    repeat {
      removed = try await store.prune(olderThan: limit, slice: Self.slice)
    } while removed >= Self.slice && !Task.isCancelled
    _ = try await store.pruneAudit(
      olderThan: Timestamp.now() - Self.auditTime, slice: Self.slice)
    var expired = 0
    repeat {
      removed = try await StoreThread.run { () throws(StoreError) in
        try store.expire(
          waitingBefore: Timestamp.now() - RetryPolicy.maximumAge,
          parkedBefore: Timestamp.now() - Self.parkedTime, mostOfWebhook: Self.mostOfWebhook,
          slice: Self.slice)
      }
      expired += removed
      metrics.expired.add(removed, at: 0)
    } while removed >= Self.slice && !Task.isCancelled
    if expired > 0 {
      logger.warning("deliveries in the backlog expired", metadata: ["deliveries": "\(expired)"])
    }
  }
}

extension Timestamp {
  fileprivate static func - (lhs: Timestamp, duration: Duration) -> Timestamp {
    Timestamp(nanoseconds: lhs.nanoseconds - duration.nanoseconds)
  }
}
