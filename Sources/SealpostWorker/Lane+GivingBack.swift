import Logging
import SealpostBroker

/// A broker closes the channel over a message that is not acknowledged for half an hour. Where the store
/// stands still for so long nothing can be acknowledged, so what was held for twenty minutes is published
/// to its queue again, confirmed, and then acknowledged: whoever gets it goes on from where the log says.
extension Lane {
  /// How long a message is held before it is given back, in nanoseconds.
  static let longestHold: Int64 = 20 * 60 * 1_000_000_000

  /// Gives back what was held for too long, but nothing that has a request under way: who gets it again asks the
  /// log, in this worker behind all rows that the recorder has by then, in another one a while after it.
  func giveBackOld() {
    guard instant - lastGivingBack >= holdLimit / 16, drainDeadline == nil, pause == .none else {
      return
    }
    lastGivingBack = instant
    var old: [Int32] = []
    messages.forEachIndex { index in
      let held = messages[index]
      if instant - held.pointee.heldSince > holdLimit, !held.pointee.isAcknowledged,
        isOurs(held.pointee), held.pointee.requests == 0
      {
        old.append(index)
      }
    }
    old.removeAll { !suspects.letGo($0) }
    guard !old.isEmpty else { return }
    surroundings.logger.warning(
      "nothing becomes durable: messages go back to their queues",
      metadata: ["messages": "\(old.count)"])
    awaitingDirectory.removeAll { old.contains($0) }
    handOverRecords()
    for index in old { giveBack(index) }
  }

  /// Nothing more of it begins here.
  private func giveBack(_ index: Int32) {
    let held = messages[index]
    let message = held.pointee.message
    // A notice is one by its exchange; its retries are like any other's.
    let isNotice = message.queue == Queue.events && message.about != nil
    let queue = [names.events, names.retries, names.bulk][message.queue]
    held.pointee.isAbandoned = true
    held.pointee.pending += 1
    publish(
      OutgoingMessage(
        exchange: isNotice ? names.notices : "", routingKey: isNotice ? "again" : queue,
        body: message.body, messageID: message.messageID, keptProperties: message.properties,
        headers: [
          RetryHeaders.copyHeader(held.pointee.hadRequests ? .returnedAfterRequests : .returned),
          BrokerMessage.queuedAtHeader(now),
        ],
        contentType: nil),
      for: .givenBack(index))
  }

  /// Acknowledges a message that is in its queue again.
  func givenBack(_ index: Int32) {
    let held = messages[index]
    if held.pointee.connection == connection, consumer != nil, !held.pointee.isAcknowledged {
      held.pointee.isAcknowledged = true
      acknowledgements.settle(held.pointee.message.tag)
    }
    release(message: index)
  }
}
