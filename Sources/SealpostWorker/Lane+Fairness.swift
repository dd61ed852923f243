import SealpostBroker
import SealpostCore

/// One account's flood does not delay the others: what is over its share, while others may wait at the broker
/// behind it, goes to a queue behind theirs.
extension Lane {
  /// Takes over how full the events' queue is, and how many lanes of all workers consume it.
  func note(_ depth: QueueDepth) {
    let settings = surroundings.settings
    let lanes = max(settings.lanes, depth.consumers)
    dispatcher.setLimits(
      webhook: Dispatcher.share(of: settings.maximumInFlightPerWebhook, lanes: lanes),
      host: Dispatcher.share(of: settings.maximumInFlightPerHost, lanes: lanes))
    fairShare.note(waiting: depth.messages, accounts: directory.accountCount, now: instant)
  }

  /// Moves a valid event to the queue of those over their share, where it belongs there; false where it is to
  /// be delivered. It is acknowledged once the broker confirmed the other.
  ///
  /// What came before is never moved: the new message would not know how often it came back, nor that some
  /// of its deliveries may have been made.
  func moveBehind(_ index: Int32) -> Bool {
    let held = messages[index]
    let message = held.pointee.message
    guard message.queue == Queue.events, !message.redelivered, message.copy == .none,
      message.about == nil, let slot = directory.slot(account: held.pointee.account)
    else { return false }
    switch fairShare.take(account: slot, now: instant) {
    case .keep:
      held.pointee.accountSlot = Int32(slot)
      return false
    case .move:
      publish(
        OutgoingMessage(
          exchange: "", routingKey: names.bulk, body: message.body, messageID: message.messageID,
          keptProperties: message.properties,
          headers: [RetryHeaders.copyHeader(.none), BrokerMessage.queuedAtHeader(now)],
          contentType: nil),
        for: .moved(index))
      held.pointee.pending += 1
      return true
    }
  }

  /// Delivers an event that could not be moved.
  func keepAfterAll(_ index: Int32) {
    fairShare.moved()
    guard !messages[index].pointee.isAbandoned, drainDeadline == nil, pause == .none else {
      messages[index].pointee.isAbandoned = true
      return release(message: index)
    }
    messages[index].pointee.pending -= 1
    fanOut(index)
  }

  /// Tells the other lanes, of this worker and of others, what was learned about a receiver.
  func tell(_ news: SendWindow.News, _ entry: DirectoryEntry) {
    surroundings.control.tell(
      WindowNews(account: entry.webhook.account, webhook: entry.webhook.id, news: news),
      from: surroundings.mailbox)
  }

  /// Takes over what another lane learned about a receiver.
  func hear(_ news: WindowNews) {
    var (account, webhook) = (news.account, news.webhook)
    let entry = account.withUTF8 { account in
      webhook.withUTF8 { webhook in
        directory.entry(
          account: UnsafeRawBufferPointer(account), id: UnsafeRawBufferPointer(webhook))
      }
    }
    if let entry { dispatcher.hear(news.news, webhook: entry.slot, now: instant) }
  }
}
