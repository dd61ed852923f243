import SealpostCore
import SealpostMonitoring
import SealpostStore

/// What is counted of rows on their way into the event log. The recorder's thread writes, any reads; and what
/// expires is counted by the task that ends it.
final class RecorderMetrics: Sendable {
  static let outcomes = AttemptOutcome.allCases
  static let states: [(state: BacklogState, reasons: [String])] = [
    (
      .waiting,
      [SendWindow.SpillReason.closed, .longWait, .silent, .ladder, .paused].map(\.rawValue)
    ),
    (
      .parked,
      [DirectoryEntry.ParkReason.inactive, .settingsInvalid, .suspended, .tokenUnreadable].map(
        \.rawValue)
    ),
  ]
  private static let backlogReasons = states.flatMap(\.reasons)

  let attempts = CounterBlock(
    count: RecorderMetrics.outcomes.count * ReasonLabels.texts.count)
  let deliveries = CounterBlock(
    count: RecorderMetrics.outcomes.count * ReasonLabels.texts.count)
  let backlogged = CounterBlock(count: RecorderMetrics.backlogReasons.count)
  let failures = CounterBlock(count: 1)
  let expired = CounterBlock(count: 1)

  let firstLatency = Histogram(RecorderMetrics.latencyBounds)
  let laterLatency = Histogram(RecorderMetrics.latencyBounds)
  let deliveredDuration = Histogram(RecorderMetrics.durationBounds)
  let failedDuration = Histogram(RecorderMetrics.durationBounds)
  let wait = Histogram([
    .milliseconds(1), .milliseconds(5), .milliseconds(10), .milliseconds(25), .milliseconds(50),
    .milliseconds(100), .milliseconds(250), .milliseconds(500), .seconds(1), .seconds(2),
    .seconds(5), .seconds(10), .seconds(30),
  ])
  let commit = Histogram(RecorderMetrics.answerBounds)
  let batchRows = Histogram(bounds: [1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500], unit: 1)

  /// The bounds of how long the broker and the store take to answer.
  static let answerBounds: [Duration] = [
    .milliseconds(1), .microseconds(2500), .milliseconds(5), .milliseconds(10), .milliseconds(25),
    .milliseconds(50), .milliseconds(100), .milliseconds(250), .milliseconds(500), .seconds(1),
    .milliseconds(2500), .seconds(5), .seconds(10),
  ]
  private static let durationBounds = answerBounds + [.seconds(15), .seconds(30)]
  private static let latencyBounds: [Duration] =
    answerBounds.dropFirst(2) + [
      .seconds(30), .seconds(60), .seconds(300), .seconds(1800), .seconds(7200), .seconds(43_200),
      .seconds(172_800),
    ]

  /// Counts the rows of a request that is durable.
  func note(_ batch: borrowing RecordBatch, _ verdicts: [RecordVerdict]) {
    batch.attempts.withUnsafeBufferPointer { rows in
      guard let first = rows.baseAddress else { return }
      for index in rows.indices {
        note(first + index, isNew: verdicts[index] == .inserted, batch.events[rows[index].event])
      }
    }
    for row in batch.backlog {
      guard let index = Self.backlogReasons.firstIndex(of: row.reason) else { continue }
      backlogged.add(at: index)
    }
  }

  /// By its address, since a copy of a row counts references.
  private func note(_ row: UnsafePointer<AttemptRow>, isNew: Bool, _ event: EventRow) {
    let cell = Self.cell(
      row.pointee.outcome, ReasonLabels.number(of: row.pointee.reason, status: row.pointee.status))
    if isNew, row.pointee.outcome != .retry { deliveries.add(at: cell) }
    guard row.pointee.outcome != .discarded else { return }
    attempts.add(at: cell)
    wait.observe(Self.microseconds(row.pointee.sentAt, event.receivedAt))
    guard let receivedAt = row.pointee.receivedAt else { return }
    guard row.pointee.outcome == .delivered else {
      return failedDuration.observe(Int(row.pointee.timings.total))
    }
    deliveredDuration.observe(Int(row.pointee.timings.total))
    guard isNew, row.pointee.run == 0 else { return }
    let latency = row.pointee.number == 1 ? firstLatency : laterLatency
    latency.observe(Self.microseconds(receivedAt, event.triggeredAt))
  }

  private static func microseconds(_ later: Timestamp, _ earlier: Timestamp) -> Int {
    Int((later.nanoseconds &- earlier.nanoseconds) / 1000)
  }

  private static func cell(_ outcome: AttemptOutcome, _ reason: Int) -> Int {
    (outcome.rawValue - 1) * ReasonLabels.texts.count + reason
  }

  /// The series of a block of counters by outcome and reason, without those that never rose.
  func series(_ block: CounterBlock) -> [MetricSample] {
    var samples: [MetricSample] = []
    for outcome in Self.outcomes {
      for (number, reason) in ReasonLabels.texts.enumerated() {
        let count = block[Self.cell(outcome, number)]
        if count > 0 {
          samples.append(MetricSample(count, ("outcome", outcome.name), ("reason", reason)))
        }
      }
    }
    return samples
  }

  /// The series of what went into the backlog.
  var backloggedSeries: [MetricSample] {
    var index = -1
    return Self.states.flatMap { state, reasons in
      reasons.map { reason in
        index += 1
        return MetricSample(
          backlogged[index], ("state", state.rawValue), ("reason", reason))
      }
    }
  }
}
