import SealpostCore
import SealpostMonitoring

/// How many messages were taken from each of some queues, and when the last one had been published: what is
/// left there came later. One thread writes, any reads.
final class TakenTimes: Sendable {
  private static let cellsOfQueue = 3

  private let cells: CounterBlock

  init(queues: Int) { cells = CounterBlock(count: queues * Self.cellsOfQueue) }

  /// Counts messages. The writing thread only.
  func count(queue: Int, _ messages: Int = 1) {
    cells.add(messages, at: queue * Self.cellsOfQueue)
  }

  /// Notes the last message. The writing thread only.
  func note(queue: Int, publishedAt: Timestamp, now: Timestamp) {
    cells.set(Int(publishedAt.nanoseconds), at: queue * Self.cellsOfQueue + 1)
    cells.set(Int(now.nanoseconds), at: queue * Self.cellsOfQueue + 2)
  }

  /// The last one of a queue; nil where there was none yet. Any thread.
  func last(queue: Int) -> (publishedAt: Timestamp, takenAt: Timestamp)? {
    let takenAt = cells[queue * Self.cellsOfQueue + 2]
    guard takenAt > 0 else { return nil }
    return (
      Timestamp(nanoseconds: Int64(cells[queue * Self.cellsOfQueue + 1])),
      Timestamp(nanoseconds: Int64(takenAt))
    )
  }

  /// How many were taken. Any thread.
  func count(ofQueue queue: Int) -> Int { cells[queue * Self.cellsOfQueue] }
}
