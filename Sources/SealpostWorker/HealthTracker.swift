import SealpostCore
import SealpostStore

/// Sees from the rows of the log when a webhook's health changes. Pure.
///
/// It holds the streaks of webhooks that fail, and nothing of those that do not. Each worker counts for
/// itself; what it concludes is made so in the store by compare-and-set.
struct HealthTracker {
  private let policy: HealthPolicy
  private var streaks: [Int64: FailureStreak] = [:]
  private var changes: [HealthChange] = []

  init(policy: HealthPolicy) { self.policy = policy }

  /// Whether there is anything to note of an attempt: of nearly all there is not.
  func isConcerned(by outcome: AttemptOutcome, wasUnwell: Bool) -> Bool {
    outcome != .delivered || wasUnwell || !streaks.isEmpty
  }

  /// Notes an attempt that is in the log.
  mutating func note(_ row: borrowing AttemptRow, of event: borrowing EventRow) {
    if row.outcome == .delivered {
      if !streaks.isEmpty { streaks[row.webhookKey] = nil }
      if row.wasUnwell { add(row, event, .recovered, "A delivery succeeded again.") }
      return
    }
    guard row.countsForHealth else { return }
    let why = row.reason?.sentence ?? ""
    switch row.outcome {
    case .gone:
      add(row, event, .gone, "The receiver answered 410, so the webhook was switched off.")
    case .retry, .exhausted:
      let sentAt = row.sentAt
      switch streaks[row.webhookKey, default: FailureStreak(since: sentAt)]
        .failed(at: sentAt, policy: policy)
      {
      case .unhealthy: add(row, event, .unhealthy, "Its last attempts failed. \(why)")
      case .suspended: add(row, event, .suspended, "It failed for too long. \(why)")
      case .healthy, nil: break
      }
      if row.outcome == .exhausted {
        add(row, event, .exhausted, "The attempts are used up. \(why)")
      }
    case .delivered, .blocked, .discarded, .expired: break
    }
  }

  /// What is to be made so in the store.
  mutating func takeChanges() -> [HealthChange] {
    defer { changes.removeAll(keepingCapacity: true) }
    return changes
  }

  private mutating func add(
    _ row: borrowing AttemptRow, _ event: borrowing EventRow, _ kind: NoticeKind, _ why: String
  ) {
    changes.append(
      HealthChange(
        webhookKey: row.webhookKey, kind: kind, why: why,
        traceparent: event.traceparent.map { String(decoding: $0, as: UTF8.self) }))
  }
}
