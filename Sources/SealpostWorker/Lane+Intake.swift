import Logging
import SealpostBroker
import SealpostCore
import SealpostSigning
import SealpostStore
import SealpostTransport

/// From a message to an event that is valid, known, and not under way already.
extension Lane {
  /// A message whose `x-delivery-count` has come to this may be what kills workers.
  static let suspectDeliveryCount: Int64 = 10

  /// Takes a message up.
  func take(_ message: BrokerMessage) {
    acknowledgements.received(message.tag)
    metrics.taken.count(queue: message.queue)
    // What was on its way when consuming stopped goes back with the connection.
    guard drainDeadline == nil, pause == .none else { return message.free() }
    let held = HeldMessage(
      message, connection: connection, receivedAt: now, heldSince: instant)
    heldBytes += held.heldBytes
    let index = messages.insert(held)
    if message.deliveryCount >= Self.suspectDeliveryCount {
      suspects.add(index)
      trySuspects()
    } else if suspects.isActive {
      suspects.holdBack(index)
    } else {
      admit(index)
    }
  }

  /// Reads a message and passes it on: to its deliveries, to the log's memory, or aside.
  func admit(_ index: Int32) {
    do throws(EventFault) {
      if messages[index].pointee.message.queue == Queue.retries {
        try admitRetry(index)
      } else {
        try admitEvent(index)
      }
    } catch {
      reject(index, error)
    }
  }

  private func admitEvent(_ index: Int32) throws(EventFault) {
    let held = messages[index]
    let message = held.pointee.message
    try checkContent(message)
    let event = try scanner.scan(message.body, allowsNotices: isNotice(message))
    switch message.account {
    case .absent: held.pointee.account = AccountID.defaultBytes
    case .text(let account):
      guard AccountID.isValid(account) else { throw .badAccount }
      held.pointee.account = account
    case .wrongType: throw .badAccount
    }
    held.pointee.triggeredAt = event.triggeredAt
    if let id = message.messageID, EventID.isValid(id) {
      held.pointee.eventID = id
      held.pointee.keep(id: EmptyCollection<UInt8>(), name: event.name)
    } else {
      let id = Digest.eventID(account: held.pointee.account, body: message.body)
      held.pointee.keep(id: id.utf8, name: event.name)
    }
    if message.copy != .none { held.pointee.isProgressKnown = false }
    noteTaken(message, triggeredAt: event.triggeredAt)
    if fairShare.isCrowded(now: instant), moveBehind(index) { return }
    fanOut(index)
  }

  private func admitRetry(_ index: Int32) throws(EventFault) {
    let held = messages[index]
    let message = held.pointee.message
    if !held.pointee.hasCaughtUp { noteRetryTaken(message) }
    let retry: RetryHeaders
    switch message.retry {
    case .parsed(let headers): retry = headers
    case .unknownFormat: return putOff(index)
    case .malformed(let what): throw .badRetryHeaders(what)
    case .absent: throw .badRetryHeaders("there are none")
    }
    let event = try scanner.scan(message.body, allowsNotices: true)
    held.pointee.account = retry.account
    held.pointee.eventID = retry.eventID
    held.pointee.triggeredAt = event.triggeredAt
    held.pointee.keep(id: EmptyCollection<UInt8>(), name: event.name)
    if message.copy != .none { held.pointee.isProgressKnown = false }
    resume(index, retry)
  }

  private func isNotice(_ message: BrokerMessage) -> Bool {
    message.exchange.isEqual(to: names.notices)
  }

  private func checkContent(_ message: BrokerMessage) throws(EventFault) {
    guard message.body.count <= surroundings.settings.maximumEventBytes else {
      throw .tooLarge(
        bytes: message.body.count, limit: surroundings.settings.maximumEventBytes)
    }
    if let encoding = message.contentEncoding, !encoding.isEmpty { throw .contentEncoding }
    if let type = message.contentType, !ContentType.isJSON(type) { throw .contentType }
  }

  /// Sets a message aside with the reason; it is acknowledged once the broker has it in its queue for
  /// rejected messages.
  func reject(_ index: Int32, _ fault: EventFault) {
    rejections.note(fault)
    let message = messages[index].pointee.message
    noteRejected(message, fault)
    publish(
      OutgoingMessage(
        exchange: "", routingKey: names.rejected, body: message.body,
        messageID: message.messageID, keptProperties: message.properties,
        headers: [
          (Rejection.reasonHeader, .text(fault.id)),
          (Rejection.detailHeader, .text(fault.sentence)), BrokerMessage.queuedAtHeader(now),
        ],
        contentType: nil),
      for: .message(index))
    messages[index].pointee.pending += 1
  }

  /// Sends a message round the ladder as it is: a worker that understands it will take it.
  func putOff(_ index: Int32) {
    let message = messages[index].pointee.message
    let step = ladder.step(for: .seconds(60), using: &random)
    publish(
      OutgoingMessage(
        exchange: step.exchange, routingKey: step.routingKey, body: message.body,
        messageID: message.messageID, keptProperties: message.properties,
        headers: [BrokerMessage.queuedAtHeader(now + step.delay)], contentType: nil),
      for: .message(index))
    messages[index].pointee.pending += 1
  }
}
