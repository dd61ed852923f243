import Logging
import SealpostBroker
import SealpostCore
import SealpostSigning
import SealpostStore
import SealpostTransport

/// From an event to its deliveries: one for each webhook that asked for it.
extension Lane {
  /// How far behind a retry its second copy comes: longer than most requests take.
  private static let copyDelay = Duration.seconds(2)

  /// Fans an event out, after the log was asked where the message came before.
  func fanOut(_ index: Int32) {
    let held = messages[index]
    guard held.pointee.isProgressKnown else {
      metrics.count(.eventsRedelivered)
      var entries: [DirectoryEntry] = []
      directory.routes(of: held.pointee.account)?.matches(held.pointee.eventName) {
        if !isAbout($0, held.pointee.message.about) { entries.append($0) }
      }
      return ask(index, entries, run: 0, attempt: 1)
    }
    held.pointee.pending += 1
    var isMatched = false
    directory.routes(of: held.pointee.account)?.matches(held.pointee.eventName) { entry in
      if isAbout(entry, held.pointee.message.about) { return }
      isMatched = true
      add(firstDelivery(index, entry))
    }
    metrics.count(isMatched ? .eventsMatched : .eventsUnmatched)
    held.pointee.pending -= 1
    if held.pointee.pending == 0 { settle(message: index) }
  }

  private func firstDelivery(_ index: Int32, _ entry: DirectoryEntry) -> HeldDelivery {
    HeldDelivery(
      message: index, entry: entry, run: 0, attempt: 1, deferrals: 0, firstAttemptAt: now,
      trigger: .event, isBulk: messages[index].pointee.message.queue == Queue.bulk)
  }

  /// Whether a message is a notice about that very webhook, which does not get it. `about` is its header.
  private func isAbout(_ entry: DirectoryEntry, _ about: UnsafeRawBufferPointer?) -> Bool {
    guard let about else { return false }
    return about.isEqual(to: entry.webhook.id)
  }

  /// Takes up a retry, or a delivery that somebody asked for again.
  func resume(_ index: Int32, _ retry: RetryHeaders) {
    let held = messages[index]
    if !held.pointee.hasCaughtUp, retry.revision > directory.revision {
      return awaitDirectory(index)
    }
    guard let entry = directory.entry(account: retry.account, id: retry.webhook) else {
      return resumeUnknown(index, retry)
    }
    if !held.pointee.isProgressKnown {
      return ask(index, [entry], run: retry.run, attempt: retry.attempt)
    }
    held.pointee.pending += 1
    add(delivery(index, entry, retry))
    held.pointee.pending -= 1
    if held.pointee.pending == 0 { settle(message: index) }
  }

  private func delivery(_ index: Int32, _ entry: DirectoryEntry, _ retry: RetryHeaders)
    -> HeldDelivery
  {
    HeldDelivery(
      message: index, entry: entry, run: retry.run, attempt: retry.attempt,
      deferrals: retry.deferrals, firstAttemptAt: retry.firstAttemptAt ?? now,
      trigger: retry.trigger)
  }

  /// A webhook that the directory does not hold: discarded where its deletion is known, looked for
  /// once more, and put off otherwise, since absence from memory proves nothing.
  private func resumeUnknown(_ index: Int32, _ retry: RetryHeaders) {
    if let key = directory.deletedKey(id: retry.webhook) {
      // Of an account that is removed no row may come up again.
      if directory.isPurged(id: retry.webhook) { return settle(message: index) }
      return discard(index, retry, webhookKey: key)
    }
    if !messages[index].pointee.hasCaughtUp { return awaitDirectory(index) }
    if let first = retry.firstAttemptAt, now - first > RetryPolicy.maximumAge {
      return reject(index, .unknownWebhook)
    }
    putOff(index)
  }

  private func awaitDirectory(_ index: Int32) {
    if awaitingDirectory.isEmpty { surroundings.refreshDirectory() }
    awaitingDirectory.append(index)
  }

  /// Takes over a newer directory and goes on with what waited for it.
  func take(_ directory: WebhookDirectory) {
    forgetWebhooks(changed: directory.changedSlots(since: self.directory.revision))
    self.directory = directory
    if directory.isPaused { beginPause() }
    let waiting = awaitingDirectory
    awaitingDirectory = []
    for index in waiting {
      messages[index].pointee.hasCaughtUp = true
      admit(index)
    }
  }

  /// Asks the log how far the deliveries of a redelivered message had come.
  private func ask(_ index: Int32, _ entries: [DirectoryEntry], run: Int, attempt: Int) {
    let held = messages[index]
    guard !entries.isEmpty else { return settle(message: index) }
    held.pointee.pending += 1
    questions[index] = entries
    let queries = entries.map {
      DeliveryQuery(
        account: held.pointee.account, eventID: held.pointee.eventID,
        triggeredAt: held.pointee.triggeredAt, webhookKey: $0.webhook.key, run: run,
        attempt: attempt)
    }
    surroundings.recorder.post(
      .progress(
        ProgressQuestion(lane: surroundings.mailbox, message: index, deliveries: queries)))
  }

  /// Goes on with a redelivered message where the log says it stopped.
  func resume(_ reply: ProgressReply) {
    let index = reply.message
    let held = messages[index]
    let entries = questions.removeValue(forKey: index) ?? []
    if !held.pointee.isAbandoned {
      held.pointee.isProgressKnown = true
      for (entry, progress) in zip(entries, reply.progress) {
        resume(index, entry, progress)
      }
    }
    held.pointee.pending -= 1
    if held.pointee.pending == 0 { settle(message: index) }
  }

  private func resume(_ index: Int32, _ entry: DirectoryEntry, _ progress: DeliveryProgress) {
    let message = messages[index].pointee.message
    var delivery = firstDelivery(index, entry)
    if case .parsed(let retry) = message.retry { delivery = self.delivery(index, entry, retry) }
    switch progress {
    case .unknown where message.copy == .possible:
      // The other one may be due this very moment.
      delivery.isDeferred = true
      publishCopy(delivery, after: Self.copyDelay)
    case .unknown where message.copy == .returnedAfterRequests:
      // Its row may be about to come.
      delivery.isDeferred = true
      publishCopy(delivery, after: Self.copyDelay, as: .returned)
    case .unknown: add(delivery)
    // A row that another copy wrote is that copy's to go on from. One that comes again may have written it.
    case .retryPending where !message.redelivered && !message.copy.isReturned: break
    case .retryPending(let dueAt):
      publishCopy(delivery, after: max(.zero, dueAt - now) + Self.copyDelay)
    case .waiting:
      messages[index].pointee.pending += 1
      spill(delivery, .closed)
    case .ended, .superseded, .parked: break
    }
  }

  /// Publishes what may be on the ladder already, a while behind that: when it comes the log tells.
  private func publishCopy(
    _ delivery: HeldDelivery, after delay: Duration, as copy: RetryHeaders.Copy = .late
  ) {
    var delivery = delivery
    delivery.copy = copy
    delivery.nextStep = ladder.step(for: delay, using: &random)
    messages[delivery.message].pointee.pending += 1
    publishRetry(deliveries.insert(delivery))
  }

  /// Takes up one delivery: to the dispatcher, or to the backlog where its webhook takes none now.
  func add(_ delivery: consuming HeldDelivery) {
    messages[delivery.message].pointee.pending += 1
    switch delivery.entry.disposition {
    case .deliver: dispatch(delivery)
    case .hold: spill(delivery, .paused)
    // A suspended webhook is tried when somebody asks for it: that is how it comes back.
    case .park(.suspended) where delivery.attemptTrigger.isAskedFor: dispatch(delivery)
    case .park(let reason):
      park(delivery, reason: reason.rawValue)
    }
  }
}
