import SealpostCore
public import SealpostMonitoring

/// Everything that a worker counts, one part for each thread that does.
public final class WorkerMetrics: Monitored {
  let lanes: [LaneMetrics]
  let recorder = RecorderMetrics()
  let publisher = PublisherMetrics()
  let connections = ConnectionMetrics()
  let directory = DirectoryMetrics()
  /// What was taken last from the queue of rejected messages.
  let rejectedTaken = TakenTimes(queues: 1)

  init(lanes: Int) { self.lanes = (0..<lanes).map { _ in LaneMetrics() } }

  /// As `Monitored` says.
  public func metrics() -> [MetricFamily] {
    let now = MonotonicTime.nanoseconds()
    return intakeMetrics() + deliveryMetrics(now) + laneMetrics(now) + publisherMetrics()
      + recorderMetrics(now) + directoryMetrics(now)
  }

  /// The sum of a figure over the lanes.
  func sum(_ figure: LaneMetrics.Figure) -> Int { lanes.reduce(0) { $0 + $1[figure] } }

  /// The largest age of a figure over the lanes, in seconds.
  func oldest(_ figure: LaneMetrics.Figure, _ now: Int64) -> Double {
    Self.seconds(lanes.map { $0.age(figure, now: now) }.max() ?? 0)
  }

  /// Nanoseconds in seconds.
  static func seconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds) / 1e9 }

  private func intakeMetrics() -> [MetricFamily] {
    let lateness = lanes.map { $0.lateness.snapshot() }
    return [
      MetricFamily(
        "sealpost_events_total", .counter, "Messages taken from the queues of events.",
        LaneMetrics.eventResults.enumerated().map { index, result in
          MetricSample(
            lanes.reduce(0) { $0 + $1.figures[index] }, ("result", result))
        }),
      MetricFamily(
        "sealpost_rejected_messages_total", .counter, "Messages that were set aside.",
        EventFault.Kind.allCases.enumerated().compactMap { index, kind in
          let count = lanes.reduce(0) { $0 + $1.rejected[index] }
          return count == 0 ? nil : MetricSample(count, ("reason", kind.rawValue))
        }),
      MetricFamily(
        "sealpost_retries_total", .counter, "Messages taken from the queue of retries.",
        sum(.retries)),
      MetricFamily(
        "sealpost_retry_lateness_seconds", .histogram,
        "How long after its due time a message came out of the queue of retries.",
        [MetricSample(lateness.dropFirst().reduce(lateness[0], +))]),
    ]
  }

  private func deliveryMetrics(_ now: Int64) -> [MetricFamily] {
    [
      MetricFamily(
        "sealpost_attempts_total", .counter, "Requests that ended.",
        recorder.series(recorder.attempts)),
      MetricFamily(
        "sealpost_deliveries_total", .counter, "Deliveries that ended, once each.",
        recorder.series(recorder.deliveries)
          + [
            MetricSample(
              recorder.expired[0], ("outcome", AttemptOutcome.expired.name),
              ("reason", ReasonLabels.expired))
          ]),
      MetricFamily(
        "sealpost_delivery_latency_seconds", .histogram,
        "From triggeredAt of the event to the receiver's whole answer.",
        [
          MetricSample(recorder.firstLatency.snapshot(), ("attempt", "first")),
          MetricSample(recorder.laterLatency.snapshot(), ("attempt", "later")),
        ]),
      MetricFamily(
        "sealpost_request_duration_seconds", .histogram, "From the start of a request to its end.",
        [
          MetricSample(recorder.deliveredDuration.snapshot(), ("outcome", "delivered")),
          MetricSample(recorder.failedDuration.snapshot(), ("outcome", "failed")),
        ]),
      MetricFamily(
        "sealpost_delivery_wait_seconds", .histogram,
        "From the reading of a message to the start of a request for it.",
        [MetricSample(recorder.wait.snapshot())]),
      MetricFamily(
        "sealpost_deferrals_total", .counter,
        "Deliveries sent round the ladder without a request.", sum(.deferrals)),
      MetricFamily(
        "sealpost_backlogged_deliveries_total", .counter, "Deliveries put into the backlog.",
        recorder.backloggedSeries),
      MetricFamily(
        "sealpost_requests_in_flight", .gauge, "Requests under way.", sum(.inFlight)),
      MetricFamily(
        "sealpost_requests_in_flight_limit", .gauge, "How many requests may be under way.",
        sum(.inFlightLimit)),
      MetricFamily(
        "sealpost_deliveries_waiting", .gauge, "Deliveries that wait for their request.",
        sum(.waiting)),
      MetricFamily(
        "sealpost_messages_held", .gauge, "Messages that are not settled.", sum(.messagesHeld)),
      MetricFamily(
        "sealpost_messages_held_bytes", .gauge, "What the bodies of held messages take.",
        sum(.bytesHeld)),
      MetricFamily(
        "sealpost_messages_held_oldest_age_seconds", .gauge,
        "How long ago the oldest held message was read.", oldest(.oldestHeld, now)),
      MetricFamily(
        "sealpost_windows_closed", .gauge, "Webhooks whose window is closed.",
        lanes.map { $0[.windowsClosed] }.max() ?? 0),
      MetricFamily(
        "sealpost_window_closings_total", .counter, "How often a window was closed.",
        sum(.windowClosings)),
    ]
  }
}
