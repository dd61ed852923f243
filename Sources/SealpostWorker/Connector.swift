import Logging
import SealpostBroker
import SealpostCore
import SealpostThreads
import Synchronization

/// Connects one lane, on threads of its own because connecting blocks, for as long as it takes.
final class Connector: Sendable {
  private let settings: BrokerSettings
  private let queues: [(name: String, prefetch: UInt16)]
  private let name: String
  private let lane: Mailbox<LaneMessage>
  private let logger: Logger
  private let isStopped = Atomic(false)
  private let pause = Mailbox<Bool>()
  private let backoff = Mutex(Backoff())

  init(
    settings: BrokerSettings, queues: [(name: String, prefetch: UInt16)], name: String,
    lane: Mailbox<LaneMessage>, logger: Logger
  ) {
    self.settings = settings
    self.queues = queues
    self.name = name
    self.lane = lane
    self.logger = logger
  }

  /// Connects once more and leaves the consumer in the lane's mailbox.
  ///
  /// - Parameter wasOfUse: whether the connection was that is lost. After one that was not there is a pause,
  ///   so that a broker that is there and good for nothing is not asked without end.
  func connect(afterUse wasOfUse: Bool = true) {
    if wasOfUse { backoff.withLock { $0.reset() } }
    _ = WorkerThread("\(name)-connect") {
      if !wasOfUse { self.wait(self.nextPause()) }
      self.run()
    }
  }

  /// Gives up connecting. Any thread.
  func stop() {
    isStopped.store(true, ordering: .releasing)
    pause.post(true)
  }

  private func nextPause() -> Duration { backoff.withLock { $0.next() } }

  private func wait(_ duration: Duration) {
    pause.wait(milliseconds: Int32(duration.nanoseconds / 1_000_000))
  }

  private func run() {
    var settings = settings
    while !isStopped.load(ordering: .acquiring) {
      do throws(BrokerError) {
        lane.post(.connected(ConnectedConsumer(consumer: try consumer(settings))))
        return
      } catch {
        settings.tryAnotherFirst()
        let wait = nextPause()
        logger.warning(
          "cannot consume, connecting again",
          metadata: ["lane": "\(name)", "error": "\(error.sentence)", "in": "\(wait)"])
        self.wait(wait)
      }
    }
  }

  /// A consumer on the lane's queues, which are declared where they are missing.
  private func consumer(_ settings: BrokerSettings) throws(BrokerError) -> BrokerConsumer {
    do throws(BrokerError) {
      return try connectConsumer(settings)
    } catch {
      guard case .notFound = error else { throw error }
      let connection = try BrokerConnection.open(settings, name: "\(name) topology")
      defer { connection.close() }
      try BrokerTopology.declare(on: connection, settings: settings)
    }
    return try connectConsumer(settings)
  }

  private func connectConsumer(_ settings: BrokerSettings) throws(BrokerError) -> BrokerConsumer {
    try BrokerConsumer(
      connection: try BrokerConnection.open(settings, name: name), queues: queues,
      consumerTagPrefix: name)
  }
}
