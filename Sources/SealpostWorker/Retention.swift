import Logging
import SealpostCore
import SealpostMonitoring
import SealpostStore

/// Removes what is older than the retention, in slices between the recorder's commits.
struct Retention {
  private static let interval = Duration.seconds(600)
  private static let slice = 2000
  private static let parkedTime = Duration.seconds(7 * 86400)
  private static let auditTime = Duration.seconds(400 * 86400)
  private static let mostOfWebhook = 1_000_000

  let store: any BacklogQueue & EventLog & AuditLog
  let settings: WorkerSettings
  let metrics: RecorderMetrics
  let logger: Logger

  /// Prunes until cancelled.
  func run() async {
    while !Task.isCancelled {
      let limit = Timestamp.now() - settings.logRetention
      do throws(StoreError) {
        var removed = 0
        repeat {
          removed = try await store.prune(olderThan: limit, slice: Self.slice)
        } while removed >= Self.slice && !Task.isCancelled
        _ = try await store.pruneAudit(
          olderThan: Timestamp.now() - Self.auditTime, slice: Self.slice)
        var expired = 0
        repeat {
          let ended = try store.expire(
            waitingBefore: Timestamp.now() - RetryPolicy.maximumAge,
            parkedBefore: Timestamp.now() - Self.parkedTime, mostOfWebhook: Self.mostOfWebhook,
            slice: Self.slice)
          expired += ended
          metrics.expired.add(ended, at: 0)
          removed = ended
        } while removed >= Self.slice && !Task.isCancelled
        if expired > 0 {
          logger.warning(
            "deliveries in the backlog expired", metadata: ["deliveries": "\(expired)"])
        }
      } catch {
        logger.warning("old rows cannot be removed", metadata: ["error": "\(error.sentence)"])
      }
      try? await Task.sleep(for: Self.interval)
    }
  }
}

extension Timestamp {
  fileprivate static func - (lhs: Timestamp, duration: Duration) -> Timestamp {
    Timestamp(nanoseconds: lhs.nanoseconds - duration.nanoseconds)
  }
}
