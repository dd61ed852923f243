import Glibc
import Logging
import SealpostBroker
import SealpostCore
import SealpostStore
import SealpostThreads
import Synchronization

/// Publishes what waits in the store: deliveries whose webhook may take them again, and notices. One thread
/// with a connection of its own; of several workers one at a time, by a lease.
///
/// A row leaves the store after the broker confirmed its message, and stays where it came back in between.
/// So a crash costs a second copy of what was on its way, and loses nothing.
final class BacklogDrainer: Sendable {
  typealias Store = BacklogQueue & HealthStore

  /// Three quarters of it are longer than a confirm is waited for.
  private static let leaseTime = Duration.seconds(14)
  private static let pause: Int32 = 500
  private static let noticesAtOnce = 100
  private static let bytesAtOnce = 4 << 20
  private static let confirmDeadline: Int64 = 10_000_000_000

  private let settings: BrokerSettings
  private let store: any Store
  private let lease: Lease
  private let metrics: ConnectionMetrics
  private let logger: Logger
  private let wake = Mailbox<Bool>()
  private let isStopping = Atomic(false)

  init(
    settings: BrokerSettings, store: any Store, workerName: String, metrics: ConnectionMetrics,
    logger: Logger
  ) {
    self.metrics = metrics
    self.settings = settings
    self.store = store
    lease = Lease("backlog", of: workerName, for: Self.leaseTime, store: store)
    self.logger = logger
  }

  /// Ends the thread.
  func stop() {
    isStopping.store(true, ordering: .releasing)
    wake.post(true)
  }

  /// The drainer's thread.
  func run() {
    var publisher: ConfirmingPublisher?
    var paces: [Int64: DrainPace] = [:]
    var settings = settings
    defer { lease.giveBack() }
    while !isStopping.load(ordering: .acquiring) {
      do {
        try pass(settings, &publisher, &paces)
        if let publisher {
          metrics.note(.backlog, publisher.blockedReason == nil ? .up : .blocked)
          // Also answers heartbeats.
          try publisher.process(waitMilliseconds: Self.pause, wake: wake.fileDescriptor) { _, _ in }
        } else {
          wake.wait(milliseconds: Self.pause)
        }
      } catch {
        publisher?.close()
        publisher = nil
        // Another worker may reach the broker.
        lease.giveBack()
        metrics.note(.backlog, .down)
        settings.tryAnotherFirst()
        logger.warning(
          "the backlog waits",
          metadata: ["error": "\((error as? BrokerError)?.sentence ?? "\(error)")"])
        wake.wait(milliseconds: 2000)
      }
    }
    publisher?.close()
  }

  private func pass(
    _ settings: BrokerSettings, _ publisher: inout ConfirmingPublisher?,
    _ paces: inout [Int64: DrainPace]
  ) throws {
    let notices = try store.unpublishedNotices(limit: Self.noticesAtOnce)
    let waiting = try store.waitingWebhooks(now: .now())
    paces = paces.filter { pace in waiting.contains { $0.key == pace.key } }
    guard !(notices.isEmpty && waiting.isEmpty),
      try lease.take()
    else { return }
    let current =
      try publisher
      ?? ConfirmingPublisher(
        connection: try BrokerConnection.open(settings, name: "sealpost backlog"))
    publisher = current
    guard current.blockedReason == nil else { return }
    try publish(notices, current)
    for webhook in waiting {
      let now = MonotonicTime.nanoseconds()
      guard
        let rows = paces[webhook.key, default: DrainPace()].rows(newest: webhook.newest, now: now)
      else { continue }
      try publish(try store.waiting(for: webhook.key, now: .now(), limit: rows), current)
      // Many webhooks may take longer than the lease lasts.
      guard !isStopping.load(ordering: .acquiring),
        try lease.take()
      else { return }
    }
  }

  private func publish(_ notices: [Notice], _ publisher: ConfirmingPublisher) throws {
    guard !notices.isEmpty else { return }
    let confirmed = try confirm(notices, publisher) { notice in
      try notice.body.withUnsafeBytes { body in
        try Array("notice-\(notice.id)-\(notice.webhookID)".utf8).withUnsafeBytes { id in
          try publisher.publish(
            OutgoingMessage(
              exchange: settings.names.notices, routingKey: notice.kind.rawValue, body: body,
              messageID: id,
              headers: [
                ("account", .text(notice.account)),
                (BrokerMessage.aboutHeader, .text(notice.webhookID)),
                BrokerMessage.queuedAtHeader(.now()),
              ] + TraceParent.headers(notice.traceparent)))
        }
      }
    }
    try store.notePublished(confirmed.map(\.id))
  }

  private func publish(_ deliveries: [WaitingDelivery], _ publisher: ConfirmingPublisher) throws {
    var rest = deliveries[...]
    while !rest.isEmpty {
      var bytes = 0
      let slice = rest.prefix { delivery in
        defer { bytes += delivery.resend.body.count }
        return bytes < Self.bytesAtOnce
      }
      rest = rest.dropFirst(slice.count)
      let confirmed = try confirm(Array(slice), publisher) { try publish($0, publisher) }
      try store.removeWaiting(confirmed)
    }
  }

  private func publish(_ delivery: WaitingDelivery, _ publisher: ConfirmingPublisher) throws
    -> UInt64
  {
    let resend = delivery.resend
    return try resend.body.withUnsafeBytes { body in
      try Array(resend.eventID.utf8).withUnsafeBytes { id in
        try Array(resend.account.utf8).withUnsafeBytes { account in
          try publisher.publish(
            OutgoingMessage(
              exchange: settings.names.due, routingKey: "backlog", body: body, messageID: id,
              headers: RetryHeaders.outgoing(
                eventID: id, account: account, webhook: resend.webhookID, run: resend.run,
                attempt: delivery.attempt, deferrals: 1, firstAttemptAt: delivery.firstAttemptAt,
                revision: resend.revision, trigger: resend.trigger, dueAt: .now())
                + TraceParent.headers(resend.traceparent)))
        }
      }
    }
  }

  /// Publishes each item and waits for the broker; gives those that it has.
  private func confirm<Item>(
    _ items: [Item], _ publisher: ConfirmingPublisher, _ send: (Item) throws -> UInt64
  ) throws -> [Item] {
    var open: [UInt64: Item] = [:]
    var confirmed: [Item] = []
    for item in items { open[try send(item)] = item }
    let deadline = MonotonicTime.nanoseconds() + Self.confirmDeadline
    while !open.isEmpty {
      guard MonotonicTime.nanoseconds() < deadline else {
        throw BrokerError.deadline(
          publisher.blockedReason ?? "what left the backlog was not confirmed in time")
      }
      try publisher.process(waitMilliseconds: 100, wake: nil) { sequence, outcome in
        guard let item = open.removeValue(forKey: sequence), case .confirmed = outcome else {
          return
        }
        confirmed.append(item)
      }
    }
    return confirmed
  }
}
