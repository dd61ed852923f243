import Logging
import SealpostBroker
import SealpostCore
import SealpostSigning
import SealpostStore
import SealpostTransport

/// From a waiting delivery to a request on the wire, and from the answer to a row for the log.
extension Lane {
  /// How long a commit may be overdue before nothing new is started.
  static let commitPatience: Int64 = 2_000_000_000

  /// Starts what may start: within the windows, the lane's slots, and while the log keeps up.
  func startDeliveries() {
    if let oldest = recordsUnanswered.first, instant - oldest > Self.commitPatience { return }
    while engine.inFlight < engine.capacity, let index = dispatcher.next(now: instant) {
      start(index)
    }
  }

  /// Takes a delivery that may be sent to the dispatcher, or sends it away where its webhook cannot take it
  /// soon. Its message already counts it as pending.
  func dispatch(_ delivery: consuming HeldDelivery) {
    let admission = dispatcher.admit(
      webhook: delivery.entry.slot, isDeferred: delivery.deferrals > 0, now: instant)
    switch admission {
    case .wait:
      let (entry, line) = (delivery.entry, delivery.line)
      dispatcher.enqueue(
        deliveries.insert(delivery), webhook: entry.slot, host: entry.host, line: line, now: instant
      )
    case .later(let delay):
      delivery.isDeferred = true
      delivery.nextStep = ladder.step(for: delay, using: &random)
      metrics.count(.deferrals)
      publishRetry(deliveries.insert(delivery))
    case .spill(let reason): spill(delivery, reason)
    }
  }

  /// Decides again about deliveries that would wait for too long, now that more is known of their webhooks.
  func sweep() {
    for index in dispatcher.sweep(now: instant) { dispatch(deliveries.remove(index)) }
  }

  private func start(_ index: Int32) {
    let delivery = deliveries[index]
    let held = messages[delivery.pointee.message]
    if held.pointee.isAbandoned {
      // It was given back while this waited.
      dispatcher.ended(
        webhook: delivery.pointee.entry.slot, line: delivery.pointee.line, nil, startedAt: instant,
        now: instant)
      return settle(delivery: index)
    }
    held.pointee.requests += 1
    held.pointee.hadRequests = true
    delivery.pointee.sentAt = now
    delivery.pointee.startedAt = instant
    fault?.pass(.beforeSend)
    do {
      let webhook = try laneWebhook(delivery.pointee.entry)
      try engine.start(
        webhook.target, body: held.pointee.message.body, token: Int(index)
      ) { head in
        writeHead(&head, delivery, held, webhook)
      }
    } catch {
      surroundings.logger.error(
        "a request could not be made",
        metadata: ["webhook": "\(delivery.pointee.entry.webhook.id)", "error": "\(error)"])
      finish(index, .failed(.internalError))
    }
  }

  /// Lets go of what was made of webhooks that changed, keys first of all; of all of them where `slots` is nil.
  /// Requests under way hold what they need themselves.
  func forgetWebhooks(changed slots: [Int]?) {
    guard let slots else {
      webhooks = []
      webhooksMade = 0
      return
    }
    for slot in slots where slot < webhooks.count && webhooks[slot] != nil {
      webhooks[slot] = nil
      webhooksMade -= 1
    }
  }

  private func laneWebhook(_ entry: DirectoryEntry) throws -> LaneWebhook {
    let slot = entry.slot
    if webhooksMade == Self.webhooksKept { forgetWebhooks(changed: nil) }
    if slot >= webhooks.count {
      webhooks.append(contentsOf: repeatElement(nil, count: slot + 1 - webhooks.count))
    }
    if let known = webhooks[slot], known.entry === entry { return known }
    let webhook = try LaneWebhook(entry: entry, engine: engine)
    webhooks[slot] = webhook
    webhooksMade += 1
    return webhook
  }

  private func writeHead(
    _ head: inout HeaderWriter, _ delivery: UnsafePointer<HeldDelivery>,
    _ held: UnsafePointer<HeldMessage>, _ webhook: LaneWebhook
  ) {
    let seconds = now.seconds
    head.append("Content-Type: application/json; charset=utf-8\r\nWebhook-Signature: ")
    withUnsafeTemporaryAllocation(
      byteCount: WebhookSigner.maximumSignatureBytes, alignment: 1
    ) { signature in
      let count = webhook.signer.sign(
        body: held.pointee.message.body, id: held.pointee.eventID, timestamp: seconds,
        into: signature)
      head.append(UnsafeRawBufferPointer(rebasing: signature[..<count]))
    }
    head.append("\r\nWebhook-Id: ")
    head.append(held.pointee.eventID)
    head.append("\r\nWebhook-Timestamp: ")
    head.append(decimal: seconds)
    head.append("\r\nWebhook-Event: ")
    head.append(held.pointee.eventName)
    head.append("\r\nWebhook-Attempt: ")
    head.append(decimal: Int64(delivery.pointee.attempt))
    if let traceparent = held.pointee.message.traceparent, TraceParent.isValid(traceparent) {
      head.append("\r\ntraceparent: ")
      head.append(traceparent)
    }
  }

  /// Takes the finished requests from the engine.
  func collectResults() {
    engine.collect { token, result in
      finish(Int32(token), .answered(result))
    }
  }

  /// How a request ended.
  enum Ending {
    case answered(AttemptResult)
    case failed(AttemptReason)
  }

  /// Judges an attempt and puts its row into the batch for the recorder.
  func finish(_ index: Int32, _ ending: Ending) {
    let delivery = deliveries[index]
    messages[delivery.pointee.message].pointee.requests -= 1
    endedLastTurn += 1
    // Filled in where it is: a copy of a row counts references.
    let last = records.batch.attempts.count
    records.batch.attempts.append(attemptRow(delivery))
    records.attemptDeliveries.append(index)
    let end = fill(&records.batch.attempts[last], delivery, ending)
    let news = dispatcher.ended(
      webhook: delivery.pointee.entry.slot, line: delivery.pointee.line, end,
      startedAt: delivery.pointee.startedAt, now: instant)
    if let news { tell(news, delivery.pointee.entry) }
    delivery.pointee.startedAt = 0
    if delivery.pointee.isInBacklog {
      records.batch.attempts[last].isInBacklog = true
      if let dueAt = records.batch.attempts[last].nextAttemptAt {
        // Its next attempt takes the place of this one in the backlog instead of going to the ladder.
        keepForAnswer(delivery.pointee, attempt: delivery.pointee.attempt + 1, dueAt: dueAt)
        delivery.pointee.nextStep = nil
      }
    }
    fault?.pass(.beforeLog)
  }

  /// Fills a row in with how its request ended, and tells what that says about the receiver.
  private func fill(
    _ row: inout AttemptRow, _ delivery: UnsafeMutablePointer<HeldDelivery>, _ ending: Ending
  ) -> SendWindow.Ending? {
    let judgement: AttemptJudgement
    var retryAfter: Duration?
    switch ending {
    case .failed(let reason):
      judgement = AttemptJudgement.judge(status: 0, failure: reason)
    case .answered(let result):
      judgement = AttemptJudgement.judge(status: result.status, failure: result.failure)
      row.status = result.status
      row.timings = result.timings
      row.receivedAt = row.sentAt + .microseconds(result.timings.total)
      row.remoteAddress = result.remoteAddress
      if case .retry(mayWait: true) = judgement.kind, let value = result.retryAfter {
        retryAfter = RetryAfter.parse(value, now: now)
      }
      if judgement.kind != .delivered {
        let name = messages[delivery.pointee.message].pointee.eventName
        row.countsForHealth = !EventName.isReservedForNotices(name)
        row.response = ResponseExcerpt(
          headers: Array(result.responseHeaders), body: Array(result.responseBody))
      }
    }
    row.wasUnwell = delivery.pointee.entry.webhook.health != .healthy
    row.reason = judgement.reason
    switch judgement.kind {
    case .delivered: row.outcome = .delivered
    case .gone: row.outcome = .gone
    case .blocked: row.outcome = .blocked
    case .retry: planRetry(delivery, &row, retryAfter: retryAfter)
    }
    return Self.ending(judgement, retryAfter)
  }

  /// What the end of an attempt tells about the receiver; nil where it was not asked.
  private static func ending(_ judgement: AttemptJudgement, _ retryAfter: Duration?)
    -> SendWindow.Ending?
  {
    switch judgement.kind {
    case .delivered, .gone: return .success
    case .blocked: return nil
    case .retry(mayWait: true): return retryAfter == nil ? .overload : .postponed
    case .retry: break
    }
    switch judgement.reason {
    case .responseTimeout, .connectTimeout, .resolverSlow: return .overload
    case .internalError: return nil
    default: return .failure
    }
  }

  private func planRetry(
    _ delivery: UnsafeMutablePointer<HeldDelivery>, _ row: inout AttemptRow, retryAfter: Duration?
  ) {
    let policy = delivery.pointee.entry.webhook.retry ?? surroundings.settings.retry
    let decision = policy.next(
      afterAttempt: delivery.pointee.attempt, firstAttemptAt: delivery.pointee.firstAttemptAt,
      now: now, retryAfter: retryAfter, using: &random)
    switch decision {
    case .retry(let delay):
      let step = ladder.step(for: delay, using: &random)
      delivery.pointee.nextStep = step
      row.outcome = .retry
      row.nextAttemptAt = now + step.delay
    case .exhausted:
      row.outcome = .exhausted
    }
  }
}
