import SealpostCore
import SealpostMonitoring
import Synchronization

/// What is known of the directory without looking through it.
final class DirectoryMetrics: Sendable {
  /// The directory at one time.
  struct Reading: Sendable {
    var webhooks = 0
    var unhealthy = 0
    var suspended = 0
    var revision: Int64 = 0
    var isPaused = false
    /// When the store was last asked for changes and answered, monotonic; nil before it was loaded.
    var readAt: Int64?
  }

  private let state = Mutex(Reading())

  /// What was read last.
  var reading: Reading { state.withLock { $0 } }

  /// Notes that the store answered.
  func note(_ directory: WebhookDirectory) {
    state.withLock {
      $0 = Reading(
        webhooks: directory.count, unhealthy: directory.unhealthyCount,
        suspended: directory.suspendedCount, revision: directory.revision,
        isPaused: directory.isPaused, readAt: MonotonicTime.nanoseconds())
    }
  }
}
