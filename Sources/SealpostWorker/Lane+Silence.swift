import SealpostBroker
import SealpostCore
import SealpostStore
import SealpostTransport

/// Requests that a silent receiver keeps for long would hold their messages: each message that is held has
/// all later ones acknowledged one by one, which costs the broker more than delivering costs us. So such a
/// delivery goes to the backlog while its request goes on, and its message is acknowledged. Its end takes it
/// out of there in the same commit; where the worker dies before, the backlog's drainer sends it again.
extension Lane {
  /// For how long a request may hold its message.
  private static let holdTime: Int64 = 1_000_000_000
  /// How long after the last moment at which its request can end a delivery is sent again from the backlog.
  private static let margin = Duration.seconds(15)

  /// Puts into the backlog what waits for the answers of silent receivers.
  func detachSilent() {
    guard dispatcher.stalled > 0, drainDeadline == nil, pause == .none else { return }
    deliveries.forEachIndex { index in
      let delivery = deliveries[index]
      guard delivery.pointee.startedAt > 0, !delivery.pointee.isInBacklog,
        instant - delivery.pointee.startedAt > Self.holdTime,
        !messages[delivery.pointee.message].pointee.isAbandoned,
        dispatcher.isSilent(webhook: delivery.pointee.entry.slot, now: instant)
      else { return }
      delivery.pointee.isInBacklog = true
      keepForAnswer(
        delivery.pointee, attempt: delivery.pointee.attempt,
        dueAt: now + surroundings.settings.transport.deliveryTimeout + Self.margin)
      records.detached.append(index)
    }
  }

  /// Leaves a row for the backlog that no message waits for.
  func keepForAnswer(_ delivery: borrowing HeldDelivery, attempt: Int, dueAt: Timestamp) {
    records.batch.backlog.append(
      BacklogRow(
        event: eventRow(delivery.message), webhookKey: delivery.entry.webhook.key,
        run: delivery.run, attempt: attempt, firstAttemptAt: delivery.firstAttemptAt,
        state: .waiting, reason: SendWindow.SpillReason.silent.rawValue,
        trigger: delivery.trigger, dueAt: dueAt))
  }

  /// Notes that a delivery under way is in the backlog now.
  func detached(_ index: Int32) {
    let message = deliveries[index].pointee.message
    messages[message].pointee.detached += 1
    acknowledgeEarly(message)
  }

  /// Acknowledges a message of which all that is left is in the backlog too.
  func acknowledgeEarly(_ index: Int32) {
    let held = messages[index]
    guard held.pointee.pending == held.pointee.detached, !held.pointee.isAcknowledged,
      isOurs(held.pointee)
    else { return }
    held.pointee.isAcknowledged = true
    acknowledgements.settle(held.pointee.message.tag)
  }

  /// Whether the connection that delivered a message still stands and waits for its acknowledgement.
  func isOurs(_ held: borrowing HeldMessage) -> Bool {
    !held.isAbandoned && held.connection == connection && consumer != nil
  }
}
