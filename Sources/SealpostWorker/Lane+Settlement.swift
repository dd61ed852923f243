import Logging
import SealpostBroker
import SealpostCore
import SealpostSigning
import SealpostStore
import SealpostTransport

/// From a row for the log to an acknowledged message, in the order that loses nothing: the row is
/// durable, then the retry is confirmed, then the message is acknowledged.
extension Lane {
  /// The row of an attempt, with what is known before the answer.
  func attemptRow(_ delivery: UnsafePointer<HeldDelivery>) -> AttemptRow {
    AttemptRow(
      event: eventRow(delivery.pointee.message), webhookKey: delivery.pointee.entry.webhook.key,
      run: delivery.pointee.run, number: delivery.pointee.attempt,
      trigger: delivery.pointee.attemptTrigger, url: delivery.pointee.entry.webhook.url.text,
      sentAt: delivery.pointee.sentAt,
      firstAttemptAt: delivery.pointee.attempt == 1
        ? delivery.pointee.sentAt : delivery.pointee.firstAttemptAt)
  }

  /// The index of a message's event in the batch, adding it where the batch has not got it.
  ///
  /// Deliveries of one message mostly end side by side, so looking at the last row is enough: a row
  /// that is there twice costs the recorder one look-up.
  func eventRow(_ index: Int32) -> Int {
    if records.isEmpty { records.since = instant }
    let held = messages[index]
    let body = held.pointee.message.body
    if let last = records.batch.events.last, last.body.baseAddress == body.baseAddress {
      return records.batch.events.count - 1
    }
    records.batch.events.append(
      EventRow(
        account: held.pointee.account, id: held.pointee.eventID, name: held.pointee.eventName,
        body: body, triggeredAt: held.pointee.triggeredAt, receivedAt: held.pointee.receivedAt,
        traceparent: held.pointee.message.traceparent.flatMap { TraceParent.isValid($0) ? $0 : nil }
      ))
    return records.batch.events.count - 1
  }

  /// Puts a delivery into the backlog without a request. Its message already counts it as pending.
  func park(_ delivery: HeldDelivery, reason: String) { keep(delivery, .parked, reason: reason) }

  /// Puts a delivery into the backlog until its webhook takes it. Its message already counts it as pending.
  func spill(_ delivery: HeldDelivery, _ reason: SendWindow.SpillReason) {
    keep(delivery, .waiting, reason: reason.rawValue)
  }

  private func keep(_ delivery: HeldDelivery, _ state: BacklogState, reason: String) {
    var row = BacklogRow(
      event: eventRow(delivery.message), webhookKey: delivery.entry.webhook.key,
      run: delivery.run, attempt: delivery.attempt, firstAttemptAt: delivery.firstAttemptAt,
      state: state, reason: reason, trigger: delivery.trigger)
    if let step = delivery.nextStep {
      // Its attempt is in the log; what waits is the next one.
      row.attempt += delivery.isDeferred ? 0 : 1
      row.dueAt = now + step.delay
    }
    records.batch.backlog.append(row)
    records.backlogMessages.append(delivery.message)
  }

  /// Ends a delivery whose webhook was deleted.
  func discard(_ index: Int32, _ retry: RetryHeaders, webhookKey: Int64) {
    var row = AttemptRow(
      event: eventRow(index), webhookKey: webhookKey, run: retry.run, number: retry.attempt,
      trigger: retry.attempt > 1 ? .retry : retry.trigger, url: "", sentAt: now,
      firstAttemptAt: retry.firstAttemptAt ?? now)
    row.outcome = .discarded
    row.reason = .webhookDeleted
    messages[index].pointee.pending += 1
    records.batch.attempts.append(row)
    records.attemptDeliveries.append(-1 - index)
  }

  /// Hands rows to the recorder, a few turns' at a time, and this turn's publishes to the retry publisher.
  func handOver() {
    if records.rows >= Self.recordsPerRequest || engine.inFlight == 0
      || instant - records.since >= Int64(Self.recordsPatience) * 1_000_000
    {
      handOverRecords()
    }
    if !publishes.isEmpty {
      surroundings.publisher.post(publishes)
      publishes = []
    }
  }

  /// Hands this lane's rows to the recorder.
  func handOverRecords() {
    guard !records.isEmpty else { return }
    surroundings.recorder.post(.record(records))
    recordsUnanswered.append(instant)
    records = spareRecords.popLast() ?? RecordRequest(lane: surroundings.mailbox)
  }

  /// Goes on with deliveries whose rows are durable.
  func recorded(_ reply: RecordReply) {
    recordsUnanswered.removeFirst()
    fault?.pass(.afterLog)
    for index in reply.request.detached { detached(index) }
    for (index, verdict) in zip(reply.request.attemptDeliveries, reply.verdicts) {
      guard index >= 0 else {
        release(message: -1 - index)
        continue
      }
      // A row that was there already means that this copy of the delivery is the second one: the
      // first has the say about what comes next. And what an abandoned message asks for is published
      // by the copy that the broker delivers again, which reads this row.
      let message = messages[deliveries[index].pointee.message]
      if verdict == .inserted, deliveries[index].pointee.nextStep != nil,
        !message.pointee.isAbandoned
      {
        publishRetry(index)
      } else {
        settle(delivery: index)
      }
    }
    for message in reply.request.backlogMessages { release(message: message) }
    reply.request.removeAll()
    if spareRecords.count < Self.mostSpareRecords { spareRecords.append(reply.request) }
  }

  /// Puts the next attempt of a delivery on the ladder.
  func publishRetry(_ index: Int32) {
    let delivery = deliveries[index].pointee
    let held = messages[delivery.message].pointee
    guard let step = delivery.nextStep else { return settle(delivery: index) }
    let webhook = delivery.entry.webhook
    publish(
      OutgoingMessage(
        exchange: step.exchange, routingKey: step.routingKey, body: held.message.body,
        messageID: held.eventID, keptProperties: held.message.properties,
        headers: RetryHeaders.outgoing(
          eventID: held.eventID, account: held.account, webhook: webhook.id, run: delivery.run,
          attempt: delivery.attempt + (delivery.isDeferred ? 0 : 1),
          deferrals: delivery.deferrals + (delivery.isDeferred ? 1 : 0),
          firstAttemptAt: delivery.attempt == 1 && delivery.sentAt.nanoseconds > 0
            ? delivery.sentAt : delivery.firstAttemptAt,
          revision: webhook.revision, trigger: delivery.trigger, copy: delivery.copy,
          dueAt: now + step.delay)),
      for: .delivery(index))
  }

  /// Leaves a message for the retry publisher.
  func publish(_ message: OutgoingMessage, for ticket: PublishTicket) {
    publishes.append(
      PublishRequest(lane: surroundings.mailbox, ticket: ticket, message: message))
  }

  /// Goes on with what the broker confirmed.
  func published(_ tickets: [PublishTicket]) {
    for ticket in tickets {
      fault?.pass(.afterConfirm)
      switch ticket {
      case .delivery(let index): settle(delivery: index)
      case .message(let index): release(message: index)
      case .moved(let index):
        fairShare.moved()
        metrics.count(.eventsMoved)
        release(message: index)
      case .givenBack(let index): givenBack(index)
      }
    }
  }

  /// Puts into the backlog what the ladder does not take; what has no place there is published until it is
  /// taken.
  func unpublished(_ tickets: [PublishTicket]) {
    for ticket in tickets {
      switch ticket {
      case .delivery(let index): spill(deliveries.remove(index), .ladder)
      case .moved(let index): keepAfterAll(index)
      case .message, .givenBack: break
      }
    }
  }

  /// Ends a delivery for this lane.
  func settle(delivery index: Int32) {
    let delivery = deliveries.remove(index)
    if delivery.isInBacklog { messages[delivery.message].pointee.detached -= 1 }
    release(message: delivery.message)
  }

  /// Takes one hold off a message, and settles it with the last.
  func release(message index: Int32) {
    messages[index].pointee.pending -= 1
    if messages[index].pointee.pending == 0 {
      settle(message: index)
    } else if messages[index].pointee.detached > 0 {
      acknowledgeEarly(index)
    }
  }

  /// Ends a message: acknowledged if its connection still stands, else left to come back.
  func settle(message index: Int32) {
    endSuspect(index)
    let held = messages.remove(index)
    heldBytes -= held.heldBytes
    if held.accountSlot >= 0 { fairShare.ended(account: Int(held.accountSlot)) }
    if isOurs(held), !held.isAcknowledged {
      acknowledgements.settle(held.message.tag)
    }
    held.free()
    watchBudget()
    trySuspects()
  }
}
