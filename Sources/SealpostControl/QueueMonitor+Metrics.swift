import SealpostBroker
import SealpostCore
public import SealpostMonitoring

extension QueueMonitor: Monitored {
  /// As `Monitored` says.
  public func metrics() -> [MetricFamily] {
    let reading = latest
    let names = settings.names
    let now = Timestamp.now()
    let queues = (reading?.queues ?? []).compactMap { queue in
      names.label(ofQueue: queue.depth.queue).map { (state: queue, label: ("queue", $0)) }
    }
    return [
      MetricFamily(
        "sealpost_queue_messages", .gauge, "Messages ready in a queue.",
        queues.map { MetricSample($0.state.depth.messages, $0.label) }),
      MetricFamily(
        "sealpost_queue_consumers", .gauge, "Consumers of a queue.",
        queues.map { MetricSample($0.state.depth.consumers, $0.label) }),
      MetricFamily(
        "sealpost_queue_oldest_message_age_seconds", .gauge,
        "For how long at most the message at the head of a queue has been there.",
        queues.map { MetricSample($0.state.oldestAge / .seconds(1), $0.label) }),
      MetricFamily(
        "sealpost_queues_read_age_seconds", .gauge, "How old the figures of the queues are.",
        max(.zero, now - (reading?.at ?? begun)) / .seconds(1)),
    ]
  }
}
