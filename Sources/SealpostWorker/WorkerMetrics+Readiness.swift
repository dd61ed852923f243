import SealpostCore
public import SealpostMonitoring

/// Whether the worker really consumes, as its threads show without doing anything for it.
extension WorkerMetrics {
  /// How long a lane may not turn, and a row may wait for its commit, in nanoseconds.
  private static let patience: Int64 = 5_000_000_000

  /// As `Monitored` says.
  public func readiness() -> [ReadinessPart] {
    let now = MonotonicTime.nanoseconds()
    let reading = directory.reading
    return [
      ReadinessPart(
        "directory", problem: reading.readAt == nil ? "the webhooks are not loaded yet" : nil),
      ReadinessPart("consumers", problem: reading.isPaused ? nil : consumersProblem()),
      ReadinessPart("lanes", problem: lanesProblem(now)),
      ReadinessPart("broker", problem: brokerProblem(now)),
      ReadinessPart("recorder", problem: recorderProblem(now)),
    ]
  }

  private func consumersProblem() -> String? {
    let consuming = sum(.isConsuming)
    guard consuming < lanes.count else { return nil }
    return "\(lanes.count - consuming) of \(lanes.count) lanes do not consume: "
      + "they connect again, or the worker stops"
  }

  private func lanesProblem(_ now: Int64) -> String? {
    for (index, lane) in lanes.enumerated() {
      guard lane[.lastTurn] > 0 else { return "lane \(index) has not turned yet" }
      let age = lane.age(.lastTurn, now: now)
      if age >= Self.patience {
        return "lane \(index) has not turned for \(age / 1_000_000_000) s"
      }
    }
    return nil
  }

  private func brokerProblem(_ now: Int64) -> String? {
    for (index, lane) in lanes.enumerated() where lane[.heartbeat] > 0 {
      let age = lane.age(.lastFrame, now: now)
      if age >= 2 * Int64(lane[.heartbeat]) {
        return "the broker has sent lane \(index) nothing for \(age / 1_000_000_000) s"
      }
    }
    return nil
  }

  private func recorderProblem(_ now: Int64) -> String? {
    let lag = lanes.map { $0.age(.oldestRow, now: now) }.max() ?? 0
    guard lag >= Self.patience else { return nil }
    return "a row has waited for \(lag / 1_000_000_000) s to become durable"
  }
}
