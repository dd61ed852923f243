import Glibc
import Logging
import SealpostBroker
import SealpostCore
import SealpostStore
import SealpostThreads
import Synchronization

/// Moves rejected messages from their queue into the store, where people can see them: one thread with a
/// connection of its own; of several workers one at a time. A message is acknowledged when it is in the store.
final class RejectedCollector: Sendable {
  private static let batch = 100
  private static let pauseOfOthers: Int32 = 5000

  private let settings: BrokerSettings
  private let store: any RecordingStore
  private let lease: Lease
  private let metrics: WorkerMetrics
  private let logger: Logger
  private let wake = Mailbox<Bool>()
  private let isStopping = Atomic(false)

  init(
    settings: BrokerSettings, store: any RecordingStore, lease: Lease, metrics: WorkerMetrics,
    logger: Logger
  ) {
    self.metrics = metrics
    self.settings = settings
    self.store = store
    self.lease = lease
    self.logger = logger
  }

  /// Ends the thread.
  func stop() {
    isStopping.store(true, ordering: .releasing)
    wake.post(true)
  }

  /// The collector's thread.
  func run() {
    var backoff = Backoff()
    var settings = settings
    defer { lease.giveBack() }
    while !isStopping.load(ordering: .acquiring) {
      let why: String
      guard (try? lease.take()) == true else {
        wake.wait(milliseconds: Self.pauseOfOthers)
        continue
      }
      do throws(BrokerError) {
        let consumer = try BrokerConsumer(
          connection: try BrokerConnection.open(settings, name: "sealpost rejected"),
          queues: [(settings.names.rejected, UInt16(Self.batch))], consumerTagPrefix: "rejected")
        backoff.reset()
        why = try collect(consumer)
      } catch {
        settings.tryAnotherFirst()
        why = error.sentence
      }
      let pause = backoff.next()
      logger.debug("rejected messages stay in their queue for now", metadata: ["error": "\(why)"])
      if !isStopping.load(ordering: .acquiring) {
        wake.wait(milliseconds: Int32(pause.nanoseconds / 1_000_000))
      }
    }
  }

  /// Collects until told to stop or the store fails; why.
  private func collect(_ consumer: BrokerConsumer) throws(BrokerError) -> String {
    metrics.connections.note(.rejected, .up)
    defer {
      metrics.connections.note(.rejected, .down)
      consumer.close()
    }
    while !isStopping.load(ordering: .acquiring) {
      guard (try? lease.take()) == true else { return "another worker collects them" }
      var descriptors = [
        pollfd(fd: consumer.fileDescriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: wake.fileDescriptor, events: Int16(POLLIN), revents: 0),
      ]
      _ = poll(&descriptors, 2, 1000)
      var messages: [BrokerMessage] = []
      defer { for message in messages { message.free() } }
      _ = try consumer.read(limit: Self.batch) { messages.append($0) }
      guard let last = messages.last else { continue }
      do throws(StoreError) {
        try store.keepRejected(messages.map { draft($0) })
      } catch {
        return error.sentence
      }
      let now = Timestamp.now()
      metrics.rejectedTaken.count(queue: 0, messages.count)
      metrics.rejectedTaken.note(queue: 0, publishedAt: last.queuedAt ?? now, now: now)
      try consumer.acknowledge(last.tag, multiple: true)
    }
    return "stopping"
  }

  private func draft(_ message: BrokerMessage) -> RejectedDraft {
    var account: String?
    if case .text(let text) = message.account, AccountID.isValid(text) {
      account = String(decoding: text, as: UTF8.self)
    } else if case .absent = message.account {
      account = AccountID.default
    }
    return RejectedDraft(
      account: account,
      reason: message.rejection?.reason ?? "unknown",
      detail: message.rejection?.detail ?? "The message says no reason.",
      messageID: message.messageID.map { String(decoding: $0, as: UTF8.self) }, body: message.body,
      receivedAt: .now())
  }
}
