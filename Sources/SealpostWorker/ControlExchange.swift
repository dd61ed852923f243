import Glibc
import Logging
import SealpostBroker
import SealpostCore
import SealpostThreads
import Synchronization

/// Carries between lanes, and between workers over a fanout exchange, what they learn about receivers, and
/// looks every second at how full the events' queue is and how many consume it. One thread with a connection
/// of its own; what is lost while there is none costs only speed.
final class ControlExchange: Sendable {
  private enum Order: Sendable {
    case tell(WindowNews, from: ObjectIdentifier)
    case stop
  }

  private static let lookInterval: Int64 = 1_000_000_000

  private let settings: BrokerSettings
  private let lanes: [Mailbox<LaneMessage>]
  private let workerName: String
  private let metrics: WorkerMetrics
  private let logger: Logger
  private let mailbox = Mailbox<Order>()
  private let isStopping = Atomic(false)

  init(
    settings: BrokerSettings, lanes: [Mailbox<LaneMessage>], workerName: String,
    metrics: WorkerMetrics, logger: Logger
  ) {
    self.metrics = metrics
    self.settings = settings
    self.lanes = lanes
    self.workerName = workerName
    self.logger = logger
  }

  /// Leaves what a lane learned. Any thread; it comes to the other lanes' mailboxes.
  func tell(_ news: WindowNews, from lane: Mailbox<LaneMessage>) {
    mailbox.post(.tell(news, from: ObjectIdentifier(lane)))
  }

  /// Ends the thread.
  func stop() {
    isStopping.store(true, ordering: .releasing)
    mailbox.post(.stop)
  }

  /// The thread.
  func run() {
    var backoff = Backoff()
    var settings = settings
    while !isStopping.load(ordering: .acquiring) {
      do throws(BrokerError) {
        let channel = try ControlChannel(
          connection: try BrokerConnection.open(settings, name: "sealpost control"),
          names: settings.names, name: workerName)
        defer { channel.close() }
        backoff.reset()
        metrics.connections.note(.control, .up)
        try serve(channel)
      } catch {
        metrics.connections.note(.control, .down)
        settings.tryAnotherFirst()
        logger.log(
          // At the very first start nothing is declared yet.
          level: error.isMissingObject ? .debug : .info,
          "workers do not hear each other, connecting again",
          metadata: ["error": "\(error.sentence)"])
        let until = MonotonicTime.nanoseconds() + backoff.next().nanoseconds
        while MonotonicTime.nanoseconds() < until, !isStopping.load(ordering: .acquiring) {
          mailbox.wait(milliseconds: 200)
          _ = takeOrders()
        }
      }
    }
  }

  private func serve(_ channel: ControlChannel) throws(BrokerError) {
    var lookAt = MonotonicTime.nanoseconds()
    var consumers = 0
    var told: [String: Int] = [:]
    while !isStopping.load(ordering: .acquiring) {
      var descriptors = [
        pollfd(fd: channel.fileDescriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: mailbox.fileDescriptor, events: Int16(POLLIN), revents: 0),
      ]
      let wait = max(0, lookAt - MonotonicTime.nanoseconds()) / 1_000_000
      _ = poll(&descriptors, 2, Int32(wait) + 1)
      for news in takeOrders() { try channel.send(news.text(from: workerName)) }
      try channel.read { text in
        guard let (sender, news) = WindowNews.read(text), sender != workerName else { return }
        for lane in lanes { lane.post(.news(news)) }
      }
      if MonotonicTime.nanoseconds() >= lookAt {
        let depth = try channel.depth(of: settings.names.events)
        for lane in lanes { lane.post(.depth(depth)) }
        if depth.consumers != consumers {
          consumers = depth.consumers
          logger.info("lanes of all workers", metadata: ["count": "\(consumers)"])
        }
        for news in metrics.takenNews(settings.names, from: workerName, since: &told) {
          try channel.send(news.text)
        }
        lookAt = MonotonicTime.nanoseconds() + Self.lookInterval
      }
    }
  }

  /// Hands what lanes said to the others of this worker, and gives it for those of other workers.
  private func takeOrders() -> [WindowNews] {
    var told: [WindowNews] = []
    for case .tell(let news, let sender) in mailbox.drain() {
      for lane in lanes where ObjectIdentifier(lane) != sender { lane.post(.news(news)) }
      told.append(news)
    }
    return told
  }
}
