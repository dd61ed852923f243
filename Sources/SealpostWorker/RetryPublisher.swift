import Glibc
import Logging
import SealpostBroker
import SealpostCore
import SealpostMonitoring
import SealpostThreads
import Synchronization

/// Publishes retries and rejected messages for all lanes: one thread with a connection of its own,
/// since a broker in alarm stops reading from connections that publish.
///
/// A request is answered when the broker confirmed it. One that is returned, refused or not confirmed
/// in time is published again, on a new connection where need be, for as long as it takes: the message
/// it came from stays unacknowledged meanwhile, so nothing depends on this thread for safety.
///
/// Before the first publish it declares the topology and proves that the broker keeps what the ladder
/// holds.
final class RetryPublisher: Sendable {
  private enum Order: Sendable {
    case publish([PublishRequest])
    case stop
  }

  /// How long a publish may stay unconfirmed before its connection is given up.
  private static let confirmDeadline = Duration.seconds(5)

  private let settings: BrokerSettings
  private let allowsUnsafeBroker: Bool
  private let metrics: WorkerMetrics
  private let logger: Logger
  private let mailbox = Mailbox<Order>()
  private let isStopping = Atomic(false)

  init(
    settings: BrokerSettings, allowsUnsafeBroker: Bool, metrics: WorkerMetrics, logger: Logger
  ) {
    self.metrics = metrics
    self.settings = settings
    self.allowsUnsafeBroker = allowsUnsafeBroker
    self.logger = logger
  }

  /// Leaves requests. Any thread; answers come to the lanes' mailboxes.
  func post(_ requests: [PublishRequest]) { mailbox.post(.publish(requests)) }

  /// Ends the thread. What is not confirmed by then comes back with its message.
  func stop() {
    isStopping.store(true, ordering: .releasing)
    mailbox.post(.stop)
  }

  /// The publisher's thread.
  ///
  /// - Returns: why the worker must not go on, or nil after `stop()`.
  func run() -> BrokerError? {
    var queue = PublishQueue()
    var backoff = Backoff()
    var refusals = OccasionalWarning<String>("the broker did not take a message")
    var isProven = false
    var settings = settings
    while !isStopping.load(ordering: .acquiring) {
      do throws(BrokerError) {
        try prepare(settings, &isProven)
        let publisher = try ConfirmingPublisher(
          connection: try BrokerConnection.open(settings, name: "sealpost retries"))
        try serve(publisher, &queue, &backoff, &refusals)
      } catch {
        guard error.isRetriable else { return error }
        metrics.connections.note(.retries, .down)
        queue.forgetSent { metrics.publisher.count($0, .unconfirmed) }
        settings.tryAnotherFirst()
        let pause = backoff.next()
        logger.warning(
          "the publishing connection failed, connecting again",
          metadata: ["error": "\(error.sentence)", "in": "\(pause)"])
        mailbox.clearSignal()
        mailbox.wait(milliseconds: Int32(pause.nanoseconds / 1_000_000))
      }
    }
    return nil
  }

  /// Declares what is missing and, once, proves the ladder.
  private func prepare(_ settings: BrokerSettings, _ isProven: inout Bool) throws(BrokerError) {
    let connection = try BrokerConnection.open(settings, name: "sealpost topology")
    defer { connection.close() }
    try BrokerTopology.declare(on: connection, settings: settings)
    guard !isProven else { return }
    do throws(BrokerError) {
      try BrokerProof.run(on: connection, settings: settings)
    } catch {
      guard allowsUnsafeBroker, !error.isRetriable else { throw error }
      logger.warning("the broker failed the proof", metadata: ["error": "\(error.sentence)"])
    }
    isProven = true
    logger.info("the broker is proven, retries can be published")
  }

  /// A confirm, not the login, is what makes the next pause a short one again: a broker may let us in and close
  /// on every publish.
  private func serve(
    _ publisher: ConfirmingPublisher, _ queue: inout PublishQueue, _ backoff: inout Backoff,
    _ refusals: inout OccasionalWarning<String>
  ) throws(BrokerError) {
    while !isStopping.load(ordering: .acquiring) {
      metrics.connections.note(.retries, publisher.blockedReason == nil ? .up : .blocked)
      for order in mailbox.drain() {
        if case .publish(let requests) = order { queue.add(requests) }
      }
      while let request = queue.nextToSend(isBlocked: publisher.blockedReason != nil) {
        queue.sent(
          request, as: try publisher.publish(request.message), at: MonotonicTime.nanoseconds())
      }
      try publisher.process(waitMilliseconds: queue.wait(), wake: mailbox.fileDescriptor) {
        sequence, outcome in
        switch outcome {
        case .confirmed:
          backoff.reset()
          noteConfirmed(queue.confirmed(sequence))
        case .returned(_, let why):
          refusals.note("returned: \(why)")
          noteRefused(queue.refused(sequence, at: MonotonicTime.nanoseconds()))
        case .refused:
          refusals.note("refused: the queue is full or not available")
          noteRefused(queue.refused(sequence, at: MonotonicTime.nanoseconds()))
        }
      }
      queue.giveUpOld()
      queue.answer()
      metrics.publisher.note(waiting: queue.count)
      refusals.report(to: logger, at: .now()) {
        ["why": "\($0)", "waiting": "\(queue.count)"]
      }
      if let oldest = queue.oldestSent,
        MonotonicTime.nanoseconds() - oldest > Self.confirmDeadline.nanoseconds,
        publisher.blockedReason == nil
      {
        throw .deadline("a publish was not confirmed within \(Self.confirmDeadline)")
      }
    }
  }

  private func noteConfirmed(_ sent: (request: PublishRequest, at: Int64)?) {
    guard let sent else { return }
    metrics.publisher.count(sent.request, .confirmed)
    metrics.publisher.confirm.observe(Int((MonotonicTime.nanoseconds() - sent.at) / 1000))
  }

  private func noteRefused(_ request: PublishRequest?) {
    if let request { metrics.publisher.count(request, .refused) }
  }
}
