import Glibc
public import Logging
public import SealpostBroker
import SealpostCore
public import SealpostStore
import SealpostThreads
public import SealpostTransport
public import ServiceLifecycle

/// The delivery worker: lanes, and what they share. One in a process; any number of processes on a broker.
public final class Worker: Service {
  /// A store with all that a worker needs of it.
  public typealias Store = AuditLog & BacklogQueue & EventLog & HealthStore & RecordingStore
    & ReplayStore & WebhookStore

  /// Why a worker cannot run.
  public enum Failure: Error, Sendable {
    /// The broker, for a reason that waiting does not mend.
    case broker(BrokerError)
    /// The store cannot be read.
    case store(StoreError)
    /// The machine.
    case transport(TransportError)

    /// What is wrong and how to mend it.
    public var sentence: String {
      switch self {
      case .broker(let error): error.sentence
      case .store(let error): error.sentence
      case .transport(let error): error.sentence
      }
    }
  }

  /// What it counts, also before and after it runs.
  public let metrics: WorkerMetrics

  private let settings: WorkerSettings
  private let store: any Store
  private let logger: Logger

  /// Makes a worker that does not run yet.
  public init(settings: WorkerSettings, store: any Store, logger: Logger) {
    self.settings = settings
    self.store = store
    self.logger = logger
    metrics = WorkerMetrics(lanes: settings.lanes)
  }

  /// Delivers until a graceful shutdown, which ends it within the grace time of the settings.
  ///
  /// - Throws: `Failure` where it cannot go on.
  public func run() async throws {
    let mailboxes = (0..<settings.lanes).map { _ in Mailbox<LaneMessage>() }
    let refresher = DirectoryRefresher(
      store: store, lanes: mailboxes, metrics: metrics.directory, logger: logger)
    do throws(StoreError) {
      try await refresher.load()
    } catch {
      throw Failure.store(error)
    }
    logger.info("webhooks loaded", metadata: ["count": "\(refresher.current.count)"])
    let crew = Crew(settings, store, mailboxes, refresher, metrics, logger)
    try await withGracefulShutdownHandler {
      try await crew.work()
    } onGracefulShutdown: {
      crew.drain()
    }
  }
}

/// The threads and tasks of one run.
private final class Crew: Sendable {
  private let settings: WorkerSettings
  private let store: any Worker.Store
  private let mailboxes: [Mailbox<LaneMessage>]
  private let refresher: DirectoryRefresher
  private let recorder: Recorder
  private let publisher: RetryPublisher
  private let collector: RejectedCollector
  private let drainer: BacklogDrainer
  private let control: ControlExchange
  private let metrics: WorkerMetrics
  private let name = "\(getpid())-\(UInt32.random(in: .min ... .max))"
  private let logger: Logger

  init(
    _ settings: WorkerSettings, _ store: any Worker.Store, _ mailboxes: [Mailbox<LaneMessage>],
    _ refresher: DirectoryRefresher, _ metrics: WorkerMetrics, _ logger: Logger
  ) {
    self.metrics = metrics
    self.settings = settings
    self.store = store
    self.mailboxes = mailboxes
    self.refresher = refresher
    self.logger = logger
    recorder = Recorder(
      store: store, workerName: name, healthPolicy: settings.health,
      metrics: metrics.recorder, logger: logger)
    drainer = BacklogDrainer(
      settings: settings.broker, store: store, workerName: name, metrics: metrics.connections,
      logger: logger)
    control = ControlExchange(
      settings: settings.broker, lanes: mailboxes, workerName: name, metrics: metrics,
      logger: logger)
    publisher = RetryPublisher(
      settings: settings.broker, allowsUnsafeBroker: settings.allowsUnsafeBroker,
      metrics: metrics, logger: logger)
    collector = RejectedCollector(
      settings: settings.broker, store: store,
      lease: Lease("rejected", of: name, for: .seconds(20), store: store), metrics: metrics,
      logger: logger)
  }

  /// Asks the lanes to end what is in flight.
  func drain() {
    let deadline = MonotonicTime.nanoseconds() + settings.shutdownGrace.nanoseconds
    for mailbox in mailboxes { mailbox.post(.drain(deadline: deadline)) }
  }

  /// Runs everything until the lanes have ended.
  func work() async throws {
    let failure = FirstFailure()
    let lanes = mailboxes.indices.map { index in
      WorkerThread("lane-\(index)") { self.runLane(index, failure) }
    }
    let recorderThread = WorkerThread("recorder") { self.recorder.run() }
    let publisherThread = WorkerThread("publisher") {
      if let error = self.publisher.run() {
        failure.note(.broker(error))
        for mailbox in self.mailboxes { mailbox.post(.stop) }
      }
    }
    let collectorThread = WorkerThread("rejected") { self.collector.run() }
    let drainerThread = WorkerThread("backlog") { self.drainer.run() }
    let controlThread = WorkerThread("control") { self.control.run() }
    let refreshing = Task { await refresher.run() }
    let pruning = Task {
      await Retention(
        store: store, settings: settings, metrics: metrics.recorder, workerName: name,
        logger: logger
      ).run()
    }
    let upkeep = Task { await Upkeep(store: store, workerName: name, logger: logger).run() }
    for lane in lanes { await lane.ended() }
    refreshing.cancel()
    upkeep.cancel()
    pruning.cancel()
    collector.stop()
    drainer.stop()
    control.stop()
    publisher.stop()
    recorder.stop(within: settings.shutdownGrace)
    let threads = [recorderThread, publisherThread, collectorThread, drainerThread, controlThread]
    for thread in threads { await thread.ended() }
    await pruning.value
    await upkeep.value
    if let error = failure.first { throw error }
    logger.info("stopped")
  }

  private func runLane(_ index: Int, _ failure: FirstFailure) {
    let mailbox = mailboxes[index]
    let names = settings.broker.names
    let prefetch = UInt16(clamping: settings.prefetch)
    let refresher = refresher
    let connector = Connector(
      settings: settings.broker,
      queues: [
        (names.events, prefetch), (names.retries, prefetch), (names.bulk, max(1, prefetch / 4)),
      ],
      name: "sealpost-lane-\(index)", lane: mailbox, logger: logger)
    do throws(TransportError) {
      let lane = try Lane(
        Lane.Surroundings(
          settings: settings, mailbox: mailbox, recorder: recorder, publisher: publisher,
          connector: connector, control: control, metrics: metrics.lanes[index],
          refreshDirectory: { refresher.refreshSoon() },
          logger: logger),
        directory: refresher.current)
      try lane.run()
    } catch {
      failure.note(.transport(error))
      for mailbox in mailboxes { mailbox.post(.stop) }
    }
  }
}
