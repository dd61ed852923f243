import SealpostCore
import SealpostMonitoring

/// How the worker's threads fare.
extension WorkerMetrics {
  func laneMetrics(_ now: Int64) -> [MetricFamily] {
    [
      MetricFamily("sealpost_lanes", .gauge, "Lanes of this process.", lanes.count),
      MetricFamily(
        "sealpost_lane_last_turn_age_seconds", .gauge, "How long ago a lane last turned.",
        perLane(.lastTurn, now)),
      MetricFamily(
        "sealpost_lane_last_frame_age_seconds", .gauge,
        "How long ago the broker last sent a lane anything.", perLane(.lastFrame, now)),
      MetricFamily(
        "sealpost_paused", .gauge, "1 while all deliveries are paused.",
        directory.reading.isPaused ? 1 : 0),
      MetricFamily(
        "sealpost_broker_connections", .gauge, "Connections to the broker.",
        connections.stateSeries(lanes: lanes.count, consuming: sum(.isConsuming))),
      MetricFamily(
        "sealpost_broker_connection_losses_total", .counter, "Connections that were lost.",
        connections.lossSeries(lanes: sum(.connectionLosses))),
    ]
  }

  func publisherMetrics() -> [MetricFamily] {
    [
      MetricFamily(
        "sealpost_publishes_total", .counter, "What became of messages published for the lanes.",
        publisher.series),
      MetricFamily(
        "sealpost_publish_confirm_seconds", .histogram, "From publishing to the broker's confirm.",
        [MetricSample(publisher.confirm.snapshot())]),
      MetricFamily(
        "sealpost_publishes_waiting", .gauge, "Messages that are not confirmed yet.",
        publisher.waiting),
    ]
  }

  func recorderMetrics(_ now: Int64) -> [MetricFamily] {
    [
      MetricFamily(
        "sealpost_recorder_batch_rows", .histogram, "Rows in one transaction of the event log.",
        [MetricSample(recorder.batchRows.snapshot())]),
      MetricFamily(
        "sealpost_recorder_commit_seconds", .histogram, "How long such a transaction took.",
        [MetricSample(recorder.commit.snapshot())]),
      MetricFamily(
        "sealpost_recorder_lag_seconds", .gauge, "Age of the oldest row that is not durable yet.",
        oldest(.oldestRow, now)),
      MetricFamily(
        "sealpost_recorder_failures_total", .counter, "Transactions that failed.",
        recorder.failures[0]),
    ]
  }

  func directoryMetrics(_ now: Int64) -> [MetricFamily] {
    let reading = directory.reading
    let healthy = reading.webhooks - reading.unhealthy - reading.suspended
    return [
      MetricFamily(
        "sealpost_directory_webhooks", .gauge, "Webhooks in memory.",
        [
          MetricSample(healthy, ("health", WebhookHealth.healthy.rawValue)),
          MetricSample(reading.unhealthy, ("health", WebhookHealth.unhealthy.rawValue)),
          MetricSample(reading.suspended, ("health", WebhookHealth.suspended.rawValue)),
        ]),
      MetricFamily(
        "sealpost_directory_revision", .gauge, "The store's revision that the directory shows.",
        Int(reading.revision)),
      MetricFamily(
        "sealpost_directory_age_seconds", .gauge,
        "How long ago the store was last asked for changes.",
        reading.readAt.map { Self.seconds(now - $0) } ?? 0),
    ]
  }

  private func perLane(_ figure: LaneMetrics.Figure, _ now: Int64) -> [MetricSample] {
    lanes.enumerated().map { index, lane in
      MetricSample(Self.seconds(lane.age(figure, now: now)), ("lane", "\(index)"))
    }
  }
}
