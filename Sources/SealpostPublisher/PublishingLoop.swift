import SealpostBroker
import SealpostCore
import SealpostThreads

/// The thread of a `MessagePublisher`: sends what callers hand in, takes the broker's confirms, and connects
/// again after a loss. What was unconfirmed then is sent again, so a message can come twice, with the same
/// identity, and none is lost.
final class PublishingLoop<Message: PublishableMessage> {
  /// A call whose messages are on their way.
  private final class Call {
    let receipt: PublishReceipt
    let deadline: Int64
    var left: Int
    var losses = 0
    var wasSent = false

    init(_ receipt: PublishReceipt, deadline: Int64, count: Int) {
      self.receipt = receipt
      self.deadline = deadline
      self.left = count
    }
  }

  private struct Item {
    let message: Message
    let call: Call
  }

  /// How long a broker may be silent about what was sent, before its connection is given up.
  private static var confirmDeadline: Duration { .seconds(5) }
  /// How often deadlines are looked at, in milliseconds.
  private static var turn: Int32 { 100 }

  private var settings: BrokerSettings
  private let rules: PublishingRules
  private let mailbox: Mailbox<PublishOrder<Message>>
  private var messages: UnconfirmedMessages<Item>
  private var calls: [ObjectIdentifier: Call] = [:]
  private var publisher: ConfirmingPublisher?
  private var backoff = Backoff()
  private var nextConnect: Int64 = 0
  private var lastFailure: BrokerError?
  private var isStopping = false

  init(
    settings: BrokerSettings, rules: PublishingRules, mailbox: Mailbox<PublishOrder<Message>>
  ) {
    self.settings = settings
    self.rules = rules
    self.mailbox = mailbox
    messages = UnconfirmedMessages(limit: rules.maximumInFlight)
  }

  /// Runs until it is told to stop and everything handed in before has ended.
  func run() {
    while true {
      takeOrders()
      endOverdue(now: MonotonicTime.nanoseconds())
      if isStopping, calls.isEmpty { break }
      do throws(BrokerError) {
        try step()
      } catch {
        recover(from: error)
      }
    }
    publisher?.close()
  }

  private func takeOrders() {
    let now = MonotonicTime.nanoseconds()
    for order in mailbox.drain() {
      switch order {
      case .publish(let handedIn, let receipt, let deadline):
        let call = Call(receipt, deadline: deadline, count: handedIn.count)
        calls[ObjectIdentifier(call)] = call
        for message in handedIn { messages.add(Item(message: message, call: call), at: now) }
      case .stop: isStopping = true
      }
    }
  }

  private func step() throws(BrokerError) {
    guard let publisher else { return try connect() }
    let isBlocked = publisher.blockedReason != nil
    while let item = messages.nextToSend(isBlocked: isBlocked, now: MonotonicTime.nanoseconds()) {
      if item.call.receipt.hasEnded { continue }
      // Before it is sent: where that fails, a part of it may have gone.
      item.call.wasSent = true
      let sequence = try sending(item, publisher)
      messages.sent(item, as: sequence, at: MonotonicTime.nanoseconds())
    }
    let wait = messages.wait(now: MonotonicTime.nanoseconds())
    try publisher.process(
      waitMilliseconds: calls.isEmpty ? wait : min(wait, Self.turn), wake: mailbox.fileDescriptor
    ) { sequence, outcome in
      take(sequence, outcome)
    }
    if let oldest = messages.oldestSent, publisher.blockedReason == nil,
      MonotonicTime.nanoseconds() - oldest > Self.confirmDeadline.nanoseconds
    {
      throw .deadline("no confirm came within \(Self.confirmDeadline)")
    }
  }

  /// Sends an item, which waits again where the connection breaks.
  private func sending(_ item: Item, _ publisher: ConfirmingPublisher) throws(BrokerError) -> UInt64
  {
    do throws(BrokerError) {
      return try item.message.send(by: publisher, settings: settings)
    } catch {
      messages.add(item, at: MonotonicTime.nanoseconds())
      throw error
    }
  }

  private func connect() throws(BrokerError) {
    // What was cancelled or overdue needs no connection.
    _ = messages.giveUp { item, _ in item.call.receipt.hasEnded }
    guard messages.count > 0 else { return mailbox.wait(milliseconds: -1) }
    let left = (nextConnect - MonotonicTime.nanoseconds()) / 1_000_000
    guard left <= 0 else { return mailbox.wait(milliseconds: min(Self.turn, Int32(left) + 1)) }
    publisher = try ConfirmingPublisher(
      connection: try BrokerConnection.open(settings, name: rules.connectionName))
    backoff.reset()
  }

  private func take(_ sequence: UInt64, _ outcome: PublishOutcome) {
    guard let (item, _) = messages.take(sequence) else { return }
    switch outcome {
    case .confirmed:
      item.call.left -= 1
      if item.call.left == 0 { end(item.call, nil) }
    case .returned(_, let words): end(item.call, .unroutable(words))
    case .refused where rules.waitsForBroker:
      messages.sendLater(item, at: MonotonicTime.nanoseconds())
    case .refused: end(item.call, .refused)
    }
  }

  /// After a connection broke, or none could be made.
  private func recover(from error: BrokerError) {
    let wasConnected = publisher != nil
    publisher?.close()
    publisher = nil
    lastFailure = error
    settings.tryAnotherFirst()
    if wasConnected {
      messages.forgetSent(at: MonotonicTime.nanoseconds()) { _ in }
      for call in calls.values where call.wasSent {
        call.losses += 1
        if Self.isFinal(error) || !rules.waitsForBroker && call.losses > 1 {
          end(call, .broker(error))
        }
      }
    } else if rules.waitsForBroker, error.isRetriable {
      nextConnect = MonotonicTime.nanoseconds() + backoff.next().nanoseconds
    } else {
      for call in calls.values { end(call, .broker(error)) }
    }
  }

  /// Whether another connection does not mend it: the exchange is missing or forbidden.
  private static func isFinal(_ error: BrokerError) -> Bool {
    switch error {
    case .notFound, .notPermitted: true
    default: !error.isRetriable
    }
  }

  private func endOverdue(now: Int64) {
    for call in calls.values {
      if call.receipt.hasEnded {
        calls.removeValue(forKey: ObjectIdentifier(call))
      } else if call.deadline <= now {
        end(call, reasonOfDelay(call))
      }
    }
  }

  private func reasonOfDelay(_ call: Call) -> PublishError {
    if let reason = publisher?.blockedReason { return .unconfirmed(reason) }
    if !call.wasSent, let lastFailure { return .broker(lastFailure) }
    return .unconfirmed(lastFailure?.sentence ?? "not within \(rules.timeout)")
  }

  private func end(_ call: Call, _ failure: PublishError?) {
    call.receipt.end(failure)
    calls.removeValue(forKey: ObjectIdentifier(call))
  }
}
