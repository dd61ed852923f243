import SealpostCore
import SealpostMonitoring

/// What one lane counts and shows. The lane writes, any thread reads.
final class LaneMetrics: Sendable {
  /// The lane's numbers: those that rise first, then those that show what is so now. Times are nanoseconds of
  /// the monotonic clock, 0 where there is none.
  enum Figure: Int, CaseIterable {
    case eventsMatched, eventsUnmatched, eventsRedelivered, eventsMoved, eventsRejected
    case retries, deferrals, windowClosings, connectionLosses

    case isConsuming, lastTurn, lastFrame, heartbeat
    case inFlight, inFlightLimit, waiting, windowsClosed
    case messagesHeld, bytesHeld, oldestHeld, oldestRow
  }

  /// What became of a message from the queues of events, in the order of `Figure`.
  static let eventResults = ["matched", "unmatched", "redelivered", "moved", "rejected"]

  let figures = CounterBlock(count: Figure.allCases.count)
  let rejected = CounterBlock(count: EventFault.Kind.allCases.count)
  let lateness = Histogram([
    .milliseconds(100), .milliseconds(250), .milliseconds(500), .seconds(1), .seconds(2),
    .seconds(5), .seconds(10), .seconds(30), .seconds(60), .seconds(180), .seconds(600),
  ])
  /// When the message was published that was taken last from each queue, by the lane's numbers of queues.
  let taken = TakenTimes(queues: 3)

  /// A figure now. Any thread.
  subscript(figure: Figure) -> Int { figures[figure.rawValue] }

  /// Counts. The lane's thread only.
  func count(_ figure: Figure, _ amount: Int = 1) { figures.add(amount, at: figure.rawValue) }

  /// Shows. The lane's thread only.
  func set(_ figure: Figure, _ value: Int) { figures.set(value, at: figure.rawValue) }

  /// Counts a message that is set aside. The lane's thread only.
  func countRejected(_ kind: EventFault.Kind) {
    guard let index = EventFault.Kind.allCases.firstIndex(of: kind) else { return }
    rejected.add(at: index)
  }

  /// For how long, in nanoseconds, something has been so that began at a figure's time; 0 where it is not.
  func age(_ figure: Figure, now: Int64) -> Int64 {
    let since = Int64(self[figure])
    return since == 0 ? 0 : max(0, now - since)
  }
}
