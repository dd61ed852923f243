import DequeModule
import SealpostCore

/// Chooses which waiting delivery starts next: within the window of its webhook, the limit of its host and
/// the limits of the lane, webhooks in turn, so that one with many waiting does not hold up the others.
///
/// Pure: it counts and chooses, the lane acts. First attempts and retries wait in lines of their own
/// and each has a share of the lane's slots that the other cannot take; events of accounts over their share
/// have a quarter of the slots, and of the turns while others wait. Times are nanoseconds of the monotonic
/// clock.
struct Dispatcher {
  /// What a delivery waits as.
  enum Line: Int, CaseIterable { case firstAttempt, retry, bulk }

  /// One webhook's waiting deliveries of one line: a list through `following`.
  private struct Queue {
    var head: Int32 = -1
    var tail: Int32 = -1
    /// Set while it is lined up for its turn, also behind its host.
    var hasTurn = false
  }

  private struct Webhook {
    var window: SendWindow
    var host = 0
    var inFlight = 0
    var waiting = 0
    /// Set while `sweep` looks at it.
    var isWatched = false
  }

  private struct Host {
    var inFlight = 0
    var held: Deque<(webhook: Int, line: Line)> = []
  }

  private static let lines = Line.allCases.count

  private let lineLimits: [Int]
  private var webhookLimit: Int
  private var hostLimit: Int
  private var queues: [Queue] = []
  private var webhooks: [Webhook] = []
  private var hosts: [Host] = []
  private var following: [Int32] = []
  private var turns: [Deque<Int>] = [[], [], []]
  private var lineInFlight = [0, 0, 0]
  private var chosen = 0
  private var watched: [Int] = []
  /// How many in flight are of webhooks of which nothing has ended for a while: they cost no time, so they
  /// take nothing of what the lane may have in flight.
  private(set) var stalled = 0

  /// How many webhooks' windows are closed.
  private(set) var closedWindows = 0
  /// How often one was closed by failures that this lane saw.
  private(set) var windowClosings = 0

  /// How many deliveries the lane may have in flight now.
  var limit: Int
  /// How many deliveries wait.
  private(set) var waiting = 0
  /// How many deliveries were chosen and have not ended.
  private(set) var inFlight = 0

  /// Makes a dispatcher.
  ///
  /// - Parameters:
  ///   - laneLimit: how many deliveries the lane may ever have in flight.
  ///   - webhookLimit: how many of them may be of one webhook.
  ///   - hostLimit: how many of them may be to one host.
  init(laneLimit: Int, webhookLimit: Int, hostLimit: Int) {
    self.limit = laneLimit
    let most = max(1, laneLimit - laneLimit / 4)
    self.lineLimits = [most, most, max(1, laneLimit / 4)]
    self.webhookLimit = webhookLimit
    self.hostLimit = hostLimit
  }

  /// What is to become of a delivery of a webhook; one that may wait is then to be enqueued.
  mutating func admit(webhook: Int, isDeferred: Bool, now: Int64) -> SendWindow.Admission {
    makeRoom(webhook: webhook)
    return webhooks[webhook].window.admit(
      waiting: webhooks[webhook].waiting, inFlight: webhooks[webhook].inFlight,
      isDeferred: isDeferred, now: now)
  }

  /// Puts a delivery at the end of its webhook's line.
  mutating func enqueue(_ delivery: Int32, webhook: Int, host: Int, line: Line, now: Int64) {
    makeRoom(webhook: webhook)
    makeRoom(host: host, delivery: Int(delivery))
    // Its URL may have changed: what is in flight counts for the host at which it began.
    if webhooks[webhook].inFlight == 0 { webhooks[webhook].host = host }
    let index = webhook * Self.lines + line.rawValue
    following[Int(delivery)] = -1
    if queues[index].tail >= 0 {
      following[Int(queues[index].tail)] = delivery
    } else {
      queues[index].head = delivery
    }
    queues[index].tail = delivery
    waiting += 1
    webhooks[webhook].waiting += 1
    if !webhooks[webhook].isWatched {
      webhooks[webhook].isWatched = true
      watched.append(webhook)
    }
    takeTurn(webhook, line, now)
  }

  /// Chooses the next delivery and counts it as in flight, or nil when none may start.
  mutating func next(now: Int64) -> Int32? {
    guard waiting > 0, inFlight - stalled < limit else { return nil }
    chosen &+= 1
    if chosen & 3 == 0, let bulk = next(in: .bulk, now) { return bulk }
    return chosen & 1 == 1
      ? next(in: .retry, now) ?? next(in: .firstAttempt, now) ?? next(in: .bulk, now)
      : next(in: .firstAttempt, now) ?? next(in: .retry, now) ?? next(in: .bulk, now)
  }

  /// Counts a chosen delivery as ended.
  ///
  /// - Parameter ending: what it says about the receiver; nil for nothing.
  /// - Returns: what the other lanes should know of it, mostly nothing.
  @discardableResult
  mutating func ended(
    webhook: Int, line: Line, _ ending: SendWindow.Ending?, startedAt: Int64, now: Int64
  ) -> SendWindow.News? {
    webhooks[webhook].inFlight -= 1
    lineInFlight[line.rawValue] -= 1
    inFlight -= 1
    stalled = min(stalled, inFlight)
    var news: SendWindow.News?
    if let ending {
      let wasClosed = webhooks[webhook].window.isClosed
      news = webhooks[webhook].window.ended(ending, startedAt: startedAt, now: now)
      noteClosing(webhook, wasClosed: wasClosed)
      if !wasClosed, webhooks[webhook].window.isClosed { windowClosings += 1 }
    }
    let host = webhooks[webhook].host
    hosts[host].inFlight -= 1
    if let (webhook, line) = hosts[host].held.popFirst() { turns[line.rawValue].append(webhook) }
    for line in Line.allCases { takeTurn(webhook, line, now) }
    return news
  }

  /// Takes over what another lane learned about a webhook's receiver.
  mutating func hear(_ news: SendWindow.News, webhook: Int, now: Int64) {
    makeRoom(webhook: webhook)
    let wasClosed = webhooks[webhook].window.isClosed
    webhooks[webhook].window.hear(news, now: now)
    noteClosing(webhook, wasClosed: wasClosed)
    for line in Line.allCases { takeTurn(webhook, line, now) }
  }

  private mutating func noteClosing(_ webhook: Int, wasClosed: Bool) {
    let isClosed = webhooks[webhook].window.isClosed
    if isClosed != wasClosed { closedWindows += isClosed ? 1 : -1 }
  }

  /// Changes the lane's share of what one webhook and one host may have in flight.
  mutating func setLimits(webhook: Int, host: Int) {
    hostLimit = host
    guard webhook != webhookLimit else { return }
    webhookLimit = webhook
    for index in webhooks.indices { webhooks[index].window.setMost(webhook) }
  }

  /// The share of a limit that each of so many lanes has: at least one, so that nothing stands still.
  static func share(of limit: Int, lanes: Int) -> Int { max(1, limit / max(1, lanes)) }

  /// Looks at all webhooks that have something to do: lines up those whose probe is due, counts what is in
  /// flight at those that are silent, and takes out what waits for webhooks at which too many wait.
  mutating func sweep(now: Int64) -> [Int32] {
    var removed: [Int32] = []
    let looked = watched
    watched = []
    stalled = 0
    for webhook in looked {
      if webhooks[webhook].window.isOverdue(
        waiting: webhooks[webhook].waiting, inFlight: webhooks[webhook].inFlight, now: now)
      {
        for line in Line.allCases { removed += removeWaiting(webhook, line) }
      }
      for line in Line.allCases { takeTurn(webhook, line, now) }
      if webhooks[webhook].window.isSilent(inFlight: webhooks[webhook].inFlight, now: now) {
        stalled += webhooks[webhook].inFlight
      }
      webhooks[webhook].isWatched = webhooks[webhook].waiting + webhooks[webhook].inFlight > 0
      if webhooks[webhook].isWatched { watched.append(webhook) }
    }
    return removed
  }

  /// Whether nothing of a webhook's requests has ended for a while.
  func isSilent(webhook: Int, now: Int64) -> Bool {
    webhooks[webhook].window.isSilent(inFlight: webhooks[webhook].inFlight, now: now)
  }

  /// Empties all lines and gives what waited.
  mutating func removeWaiting() -> [Int32] {
    var removed: [Int32] = []
    removed.reserveCapacity(waiting)
    for webhook in webhooks.indices {
      for line in Line.allCases { removed += removeWaiting(webhook, line) }
    }
    return removed
  }

  private mutating func removeWaiting(_ webhook: Int, _ line: Line) -> [Int32] {
    let index = webhook * Self.lines + line.rawValue
    var removed: [Int32] = []
    var delivery = queues[index].head
    while delivery >= 0 {
      removed.append(delivery)
      delivery = following[Int(delivery)]
    }
    queues[index].head = -1
    queues[index].tail = -1
    waiting -= removed.count
    webhooks[webhook].waiting -= removed.count
    return removed
  }

  private mutating func next(in line: Line, _ now: Int64) -> Int32? {
    guard lineInFlight[line.rawValue] < lineLimits[line.rawValue] else { return nil }
    while let webhook = turns[line.rawValue].popFirst() {
      let index = webhook * Self.lines + line.rawValue
      let delivery = queues[index].head
      guard delivery >= 0,
        webhooks[webhook].window.mayStart(inFlight: webhooks[webhook].inFlight, now: now)
      else {
        queues[index].hasTurn = false
        continue
      }
      let host = webhooks[webhook].host
      guard hosts[host].inFlight < hostLimit else {
        hosts[host].held.append((webhook, line))
        continue
      }
      queues[index].hasTurn = false
      queues[index].head = following[Int(delivery)]
      if queues[index].head < 0 { queues[index].tail = -1 }
      waiting -= 1
      inFlight += 1
      hosts[host].inFlight += 1
      webhooks[webhook].window.started(inFlight: webhooks[webhook].inFlight, now: now)
      webhooks[webhook].waiting -= 1
      webhooks[webhook].inFlight += 1
      lineInFlight[line.rawValue] += 1
      takeTurn(webhook, line, now)
      return delivery
    }
    return nil
  }

  /// Lines a webhook up where something waits and its window has room.
  private mutating func takeTurn(_ webhook: Int, _ line: Line, _ now: Int64) {
    let index = webhook * Self.lines + line.rawValue
    guard queues[index].head >= 0, !queues[index].hasTurn,
      webhooks[webhook].window.mayStart(inFlight: webhooks[webhook].inFlight, now: now)
    else { return }
    queues[index].hasTurn = true
    turns[line.rawValue].append(webhook)
  }

  private mutating func makeRoom(webhook: Int) {
    guard webhook >= webhooks.count else { return }
    let missing = webhook + 1 - webhooks.count
    webhooks.append(
      contentsOf: repeatElement(Webhook(window: SendWindow(most: webhookLimit)), count: missing))
    queues.append(contentsOf: repeatElement(Queue(), count: missing * Self.lines))
  }

  private mutating func makeRoom(host: Int, delivery: Int) {
    if host >= hosts.count {
      hosts.append(contentsOf: repeatElement(Host(), count: host + 1 - hosts.count))
    }
    if delivery >= following.count {
      following.append(contentsOf: repeatElement(-1, count: delivery + 1 - following.count))
    }
  }
}
