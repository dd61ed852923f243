import SealpostMonitoring

/// How the worker's connections fare besides those of lanes. Of each one thread writes, any reads.
final class ConnectionMetrics: Sendable {
  /// What a connection is for.
  enum Use: Int, CaseIterable {
    case retries, control, backlog, rejected

    var name: String {
      switch self {
      case .retries: "retries"
      case .control: "control"
      case .backlog: "backlog"
      case .rejected: "rejected"
      }
    }
  }

  /// How it is.
  enum State: Int, CaseIterable {
    case down, up, blocked

    var name: String {
      switch self {
      case .down: "down"
      case .up: "up"
      case .blocked: "blocked"
      }
    }
  }

  private let states = CounterBlock(count: Use.allCases.count)
  private let losses = CounterBlock(count: Use.allCases.count)

  /// Notes how a connection is. Its thread only.
  func note(_ use: Use, _ state: State) {
    if state == .down, states[use.rawValue] != State.down.rawValue { losses.add(at: use.rawValue) }
    states.set(state.rawValue, at: use.rawValue)
  }

  /// The series of states, those of lanes included.
  func stateSeries(lanes: Int, consuming: Int) -> [MetricSample] {
    let ofLanes: [State: Int] = [.up: consuming, .down: lanes - consuming]
    return State.allCases.map {
      MetricSample(ofLanes[$0] ?? 0, ("connection", "lanes"), ("state", $0.name))
    }
      + Use.allCases.flatMap { use in
        State.allCases.map { state in
          MetricSample(
            states[use.rawValue] == state.rawValue ? 1 : 0, ("connection", use.name),
            ("state", state.name))
        }
      }
  }

  /// The series of losses, those of lanes included.
  func lossSeries(lanes: Int) -> [MetricSample] {
    [MetricSample(lanes, ("connection", "lanes"))]
      + Use.allCases.map { MetricSample(losses[$0.rawValue], ("connection", $0.name)) }
  }
}
