import SealpostBroker
import SealpostCore
import SealpostMonitoring
import SealpostTransport

/// What a lane shows of itself.
extension Lane {
  private static let lookInterval: Int64 = 1_000_000_000

  /// Notes that a message was taken, and when it had been published.
  func noteTaken(_ message: borrowing BrokerMessage, triggeredAt: Timestamp) {
    metrics.taken.note(
      queue: message.queue, publishedAt: message.queuedAt ?? triggeredAt, now: now)
  }

  /// Notes that a message of the queue of retries was taken, and how long after its time.
  func noteRetryTaken(_ message: borrowing BrokerMessage) {
    metrics.count(.retries)
    guard let queuedAt = message.queuedAt else { return }
    metrics.taken.note(queue: message.queue, publishedAt: queuedAt, now: now)
    metrics.lateness.observe(Int((now.nanoseconds &- queuedAt.nanoseconds) / 1000))
  }

  /// Counts a message that is set aside. Where it does not say when it was published nobody knows.
  func noteRejected(_ message: borrowing BrokerMessage, _ fault: EventFault) {
    metrics.countRejected(fault.kind)
    guard message.queue != Queue.retries else { return }
    metrics.count(.eventsRejected)
    if let queuedAt = message.queuedAt {
      metrics.taken.note(queue: message.queue, publishedAt: queuedAt, now: now)
    }
  }

  /// Shows what is so now; a few times a second.
  func showFigures() {
    if consumer == nil || !isReading { lastFrame = consumer == nil ? 0 : instant }
    metrics.set(.lastTurn, Int(instant))
    metrics.set(.lastFrame, Int(lastFrame))
    metrics.set(.isConsuming, consumer != nil && drainDeadline == nil && pause == .none ? 1 : 0)
    metrics.set(.heartbeat, Int(consumer?.heartbeat.nanoseconds ?? 0))
    metrics.set(.inFlight, engine.inFlight)
    metrics.set(.inFlightLimit, engine.capacity)
    metrics.set(.waiting, dispatcher.waiting)
    metrics.set(.windowsClosed, dispatcher.closedWindows)
    metrics.set(.windowClosings, dispatcher.windowClosings)
    metrics.set(.messagesHeld, messages.count)
    metrics.set(.bytesHeld, heldBytes)
    metrics.set(.oldestRow, Int(recordsUnanswered.first ?? (records.isEmpty ? 0 : records.since)))
    guard instant - lastLook >= Self.lookInterval else { return }
    lastLook = instant
    var oldest = Int64.max
    messages.forEachIndex { oldest = min(oldest, messages[$0].pointee.heldSince) }
    metrics.set(.oldestHeld, oldest == .max ? 0 : Int(oldest))
  }
}
