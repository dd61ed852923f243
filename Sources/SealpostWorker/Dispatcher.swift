import DequeModule

/// Chooses which waiting delivery starts next: within the window of its webhook and the limits of
/// the lane, webhooks in turn, so that one with many waiting does not hold up the others.
///
/// Pure: it counts and chooses, the lane acts. First attempts and retries wait in lines of their own
/// and each has a share of the lane's slots that the other cannot take.
struct Dispatcher {
  /// What a delivery waits as.
  enum Line: Int, CaseIterable { case firstAttempt, retry }

  /// One webhook's waiting deliveries of one line: a list through `following`.
  private struct Queue {
    var head: Int32 = -1
    var tail: Int32 = -1
    var hasTurn = false
  }

  private let lineLimit: Int
  private let webhookLimit: Int
  private var queues: [Queue] = []
  private var webhookInFlight: [Int] = []
  private var following: [Int32] = []
  private var turns: [Deque<Int>] = [[], []]
  private var lineInFlight = [0, 0]
  private var servesRetriesNext = false

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
  init(laneLimit: Int, webhookLimit: Int) {
    self.limit = laneLimit
    self.lineLimit = max(1, laneLimit - laneLimit / 4)
    self.webhookLimit = webhookLimit
  }

  /// Puts a delivery at the end of its webhook's line.
  mutating func enqueue(_ delivery: Int32, webhook: Int, line: Line) {
    makeRoom(webhook: webhook, delivery: Int(delivery))
    let index = webhook * 2 + line.rawValue
    following[Int(delivery)] = -1
    if queues[index].tail >= 0 {
      following[Int(queues[index].tail)] = delivery
    } else {
      queues[index].head = delivery
    }
    queues[index].tail = delivery
    waiting += 1
    takeTurn(webhook, line)
  }

  /// Chooses the next delivery and counts it as in flight, or nil when none may start.
  mutating func next() -> Int32? {
    guard waiting > 0, inFlight < limit else { return nil }
    servesRetriesNext.toggle()
    return servesRetriesNext
      ? next(in: .retry) ?? next(in: .firstAttempt) : next(in: .firstAttempt) ?? next(in: .retry)
  }

  /// Counts a chosen delivery as ended.
  mutating func ended(webhook: Int, line: Line) {
    webhookInFlight[webhook] -= 1
    lineInFlight[line.rawValue] -= 1
    inFlight -= 1
    for line in Line.allCases { takeTurn(webhook, line) }
  }

  /// Empties all lines and gives what waited.
  mutating func removeWaiting() -> [Int32] {
    var removed: [Int32] = []
    removed.reserveCapacity(waiting)
    for index in queues.indices {
      var delivery = queues[index].head
      while delivery >= 0 {
        removed.append(delivery)
        delivery = following[Int(delivery)]
      }
      queues[index] = Queue()
    }
    turns = [[], []]
    waiting = 0
    return removed
  }

  private mutating func next(in line: Line) -> Int32? {
    guard lineInFlight[line.rawValue] < lineLimit else { return nil }
    while let webhook = turns[line.rawValue].popFirst() {
      let index = webhook * 2 + line.rawValue
      queues[index].hasTurn = false
      let delivery = queues[index].head
      guard delivery >= 0, webhookInFlight[webhook] < webhookLimit else { continue }
      queues[index].head = following[Int(delivery)]
      if queues[index].head < 0 { queues[index].tail = -1 }
      waiting -= 1
      inFlight += 1
      webhookInFlight[webhook] += 1
      lineInFlight[line.rawValue] += 1
      takeTurn(webhook, line)
      return delivery
    }
    return nil
  }

  /// Lines a webhook up where something waits and its window has room.
  private mutating func takeTurn(_ webhook: Int, _ line: Line) {
    let index = webhook * 2 + line.rawValue
    guard queues[index].head >= 0, !queues[index].hasTurn, webhookInFlight[webhook] < webhookLimit
    else { return }
    queues[index].hasTurn = true
    turns[line.rawValue].append(webhook)
  }

  private mutating func makeRoom(webhook: Int, delivery: Int) {
    if webhook >= webhookInFlight.count {
      let missing = webhook + 1 - webhookInFlight.count
      webhookInFlight.append(contentsOf: repeatElement(0, count: missing))
      queues.append(contentsOf: repeatElement(Queue(), count: missing * 2))
    }
    if delivery >= following.count {
      following.append(contentsOf: repeatElement(-1, count: delivery + 1 - following.count))
    }
  }
}
