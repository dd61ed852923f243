import SealpostBroker
import SealpostMonitoring

/// What the retry publisher counts. Its thread writes, any reads.
final class PublisherMetrics: Sendable {
  /// Where a message goes.
  enum Destination: String, CaseIterable { case ladder, rejected, bulk, returned }
  /// What became of it.
  enum Result: String, CaseIterable { case confirmed, refused, unconfirmed }

  private let counts = CounterBlock(
    count: Destination.allCases.count * Result.allCases.count)
  private let waitingCell = CounterBlock(count: 1)
  let confirm = Histogram(RecorderMetrics.answerBounds)

  /// How many messages are not confirmed yet.
  var waiting: Int { waitingCell[0] }

  /// Notes how many are not confirmed yet.
  func note(waiting: Int) { waitingCell.set(waiting, at: 0) }

  /// Counts what became of a message.
  func count(_ request: borrowing PublishRequest, _ result: Result) {
    counts.add(at: Self.cell(request.destination, result))
  }

  /// All series.
  var series: [MetricSample] {
    Destination.allCases.flatMap { destination in
      Result.allCases.map { result in
        MetricSample(
          counts[Self.cell(destination, result)], ("destination", destination.rawValue),
          ("result", result.rawValue))
      }
    }
  }

  private static func cell(_ destination: Destination, _ result: Result) -> Int {
    let number: Int =
      switch destination {
      case .ladder: 0
      case .rejected: 1
      case .bulk: 2
      case .returned: 3
      }
    let kind: Int =
      switch result {
      case .confirmed: 0
      case .refused: 1
      case .unconfirmed: 2
      }
    return number * Result.allCases.count + kind
  }
}

extension PublishRequest {
  /// Where it goes.
  var destination: PublisherMetrics.Destination {
    switch ticket {
    case .delivery: .ladder
    case .moved: .bulk
    case .givenBack: .returned
    // Set aside, or put off as a whole.
    case .message: message.exchange.isEmpty ? .rejected : .ladder
    }
  }
}
