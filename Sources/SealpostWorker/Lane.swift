import DequeModule
import Glibc
import Logging
import SealpostBroker
import SealpostCore
import SealpostSigning
import SealpostStore
import SealpostThreads
import SealpostTransport

/// One thread with a consuming connection, an HTTP engine and an epoll set of its own: the way of an
/// event from the broker's frames to the webhooks' sockets and into the log.
///
/// A turn: read what the broker sent, scan and match (`Lane+Intake`, `Lane+FanOut`), start requests
/// within the limits (`Lane+Dispatch`), let libcurl work, collect the results, hand rows to the
/// recorder, then what failed to the retry publisher, and acknowledge what has settled
/// (`Lane+Settlement`). Everything here is touched by the lane's thread alone, so nothing locks; other
/// threads speak to it through its mailbox. Nor does the program check, while it runs, that accesses to what the
/// hot path uses do not overlap (`@exclusivity`): they are calls of values that know nothing of the lane.
final class Lane {
  /// Tokens of the epoll set. The engine's begin above them.
  enum PollToken {
    static let mailbox: UInt64 = 1
    static let broker: UInt64 = 2
    static let engine: UInt64 = 1 << 32
  }

  /// The queues a lane consumes, by their index in a message.
  enum Queue { static let events = 0, retries = 1, bulk = 2 }

  /// Whether all deliveries are paused.
  enum Pause { case none, emptying, paused }

  /// What a lane shares with the rest of the worker.
  struct Surroundings: Sendable {
    let settings: WorkerSettings
    let mailbox: Mailbox<LaneMessage>
    let recorder: Recorder
    let publisher: RetryPublisher
    let connector: Connector
    let control: ControlExchange
    let metrics: LaneMetrics
    /// Asks for the directory to be read again; it comes to the mailbox, changed or not.
    let refreshDirectory: @Sendable () -> Void
    let logger: Logger
  }

  /// Messages that are read in a turn: few, so that they are still in the processor's caches when their requests
  /// begin.
  static let messagesPerTurn = 32
  /// Parsed URLs and keyed MACs that a lane keeps, at about 3 KB each. Beyond, it begins anew: what it needs
  /// is made again in ten microseconds.
  static let webhooksKept = 16_384
  static let tickMilliseconds: Int32 = 100
  /// A connection that stood so long was of use, also without a message.
  static let longEnoughConsuming: Int64 = 10_000_000_000
  /// Rows go to the recorder this many at a time, or after this many milliseconds, or when nothing is in
  /// flight any more: each hand-over costs memory and a lock.
  static let recordsPerRequest = 128
  static let recordsPatience: Int32 = 2
  static let mostSpareRecords = 16

  let surroundings: Surroundings
  let metrics: LaneMetrics
  let poller: Poller
  let engine: HTTPEngine
  let ladder: DelayLadder
  let names: BrokerNames

  // The broker's side.
  @exclusivity(unchecked) var consumer: BrokerConsumer?
  var connection = 0
  var consumingSince: Int64 = 0
  var wasOfUse = false
  @exclusivity(unchecked) var acknowledgements = Acknowledgements()
  var mayHaveMore = false
  var isReading = true

  // What is held.
  @exclusivity(unchecked) var messages = SlotTable<HeldMessage>()
  @exclusivity(unchecked) var deliveries = SlotTable<HeldDelivery>()
  @exclusivity(unchecked) var heldBytes = 0
  @exclusivity(unchecked) var dispatcher: Dispatcher
  @exclusivity(unchecked) var concurrency: ConcurrencyLimit
  @exclusivity(unchecked) var endedLastTurn = 0
  @exclusivity(unchecked) var directory: WebhookDirectory
  @exclusivity(unchecked) var webhooks: [LaneWebhook?] = []
  var webhooksMade = 0
  @exclusivity(unchecked) var scanner = EventScanner()
  var random = SystemRandomNumberGenerator()
  var questions: [Int32: [DirectoryEntry]] = [:]
  var awaitingDirectory: [Int32] = []
  @exclusivity(unchecked) var suspects = SuspectQueue()
  @exclusivity(unchecked) var fairShare: FairShare

  // What this turn hands on.
  @exclusivity(unchecked) var records: RecordRequest
  /// Requests that were answered, for their memory.
  @exclusivity(unchecked) var spareRecords: [RecordRequest] = []
  @exclusivity(unchecked) var publishes: [PublishRequest] = []
  @exclusivity(unchecked) var recordsUnanswered: Deque<Int64> = []

  // Time, read once per turn: of the world, for rows and messages; and monotonic nanoseconds, for
  // everything that waits, since the former may jump.
  @exclusivity(unchecked) var now = Timestamp.now()
  @exclusivity(unchecked) var instant = MonotonicTime.nanoseconds()
  var lastTick: Int64 = 0
  var lastLook: Int64 = 0
  /// When something last came from the broker, heartbeats included.
  var lastFrame: Int64 = 0
  var drainDeadline: Int64?
  var pause = Pause.none
  var isStopped = false
  @exclusivity(unchecked) var rejections = OccasionalWarning<EventFault>(
    "messages were rejected, see `sealpost rejected list`")
  @exclusivity(unchecked) var fault: FaultPoint?
  let holdLimit: Int64
  var lastGivingBack: Int64 = 0

  /// Makes a lane that does not consume yet. `run()` is its thread's function.
  init(_ surroundings: Surroundings, directory: WebhookDirectory) throws(TransportError) {
    let settings = surroundings.settings
    self.surroundings = surroundings
    self.metrics = surroundings.metrics
    self.directory = directory
    self.poller = try Poller()
    self.engine = try HTTPEngine(
      poller: poller, tokenBase: PollToken.engine, settings: settings.transport,
      egress: settings.egress)
    self.names = BrokerNames(
      namespace: settings.broker.namespace, eventsExchange: settings.broker.eventsExchange)
    self.ladder = DelayLadder(names: names, unit: settings.broker.delayUnit)
    self.concurrency = ConcurrencyLimit(most: engine.capacity)
    self.dispatcher = Dispatcher(
      laneLimit: engine.capacity,
      webhookLimit: Dispatcher.share(
        of: settings.maximumInFlightPerWebhook, lanes: settings.lanes),
      hostLimit: Dispatcher.share(of: settings.maximumInFlightPerHost, lanes: settings.lanes))
    self.fairShare = FairShare(prefetch: settings.prefetch)
    self.records = RecordRequest(lane: surroundings.mailbox)
    self.holdLimit = FaultPoint.holdLimit(parsing: settings.fault) ?? Self.longestHold
    self.fault = settings.fault.flatMap { FaultPoint(parsing: $0) }
  }

  /// Consumes until told to drain, then ends.
  func run() throws(TransportError) {
    defer {
      surroundings.connector.stop()
      engine.cancelAll()
      consumer?.close()
    }
    try poller.add(
      surroundings.mailbox.fileDescriptor, token: PollToken.mailbox, events: .readable)
    if directory.isPaused { pause = .paused } else { surroundings.connector.connect() }
    while !isStopped { try turn() }
  }

  private func turn() throws(TransportError) {
    var hasMail = false
    var hasFrames = false
    let slept = try poller.wait(timeoutMilliseconds: pollTimeout()) { token, events in
      switch token {
      case PollToken.mailbox: hasMail = true
      case PollToken.broker:
        mayHaveMore = true
        hasFrames = true
      default: engine.socketReady(token: token, events: events)
      }
    }
    now = Timestamp.now()
    instant = MonotonicTime.nanoseconds()
    if hasFrames { lastFrame = instant }
    adjustConcurrency(slept: slept)
    if hasMail { readMail() }
    readBroker()
    startDeliveries()
    engine.turn()
    if engine.inFlight > 0 { fault?.pass(.afterSend) }
    collectResults()
    startDeliveries()
    tick()
    handOver()
    acknowledge()
    if pause != .none { endPause() }
    endDrain()
  }

  private func adjustConcurrency(slept: Int64) {
    concurrency.turn(
      now: instant, slept: slept, ended: endedLastTurn,
      inFlight: dispatcher.inFlight, hasWaiting: dispatcher.waiting > 0)
    dispatcher.limit = concurrency.current
    endedLastTurn = 0
  }

  private func pollTimeout() -> Int32 {
    if mayHaveMore && isReading && consumer != nil { return 0 }
    let longest = records.isEmpty ? Self.tickMilliseconds : Self.recordsPatience
    let engineTimeout = engine.timeoutMilliseconds()
    return engineTimeout < 0 ? longest : min(engineTimeout, longest)
  }

  private func readMail() {
    for message in surroundings.mailbox.drain() {
      switch message {
      case .connected(let connected): take(connected.consumer)
      case .directory(let directory): take(directory)
      case .recorded(let reply): recorded(reply)
      case .progress(let reply): resume(reply)
      case .published(let tickets): published(tickets)
      case .unpublished(let tickets): unpublished(tickets)
      case .depth(let depth): note(depth)
      case .news(let news): hear(news)
      case .suspect(let message, let verdict): decide(suspect: message, verdict)
      case .drain(let deadline): drain(until: deadline)
      case .stop: isStopped = true
      }
    }
  }

  /// What is due a few times a second.
  private func tick() {
    guard instant - lastTick >= Int64(Self.tickMilliseconds) * 1_000_000 else { return }
    lastTick = instant
    sweep()
    detachSilent()
    giveBackOld()
    acknowledge(threshold: 1)
    heartbeat()
    rejections.report(to: surroundings.logger, at: now) {
      ["last": "\($0.id)", "why": "\($0.sentence)"]
    }
    showFigures()
  }
}
