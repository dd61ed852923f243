import DequeModule
import SealpostBroker
import SealpostCore

/// What waits to be published, what waits to be confirmed, and what may be answered. Pure. Times are
/// nanoseconds of the monotonic clock.
struct PublishQueue {
  /// How long a refused message waits before it is published again.
  private static let refusedPause: Int64 = 500_000_000
  /// How many may be unconfirmed at once: enough to fill the way, few enough for a steady answer.
  private static let unconfirmedLimit = 4096

  /// How long what has another way waits to be sent before it takes that.
  private static let patience: Int64 = 5_000_000_000

  private var waiting: Deque<(request: PublishRequest, since: Int64)> = []
  private var sent: [UInt64: (request: PublishRequest, at: Int64)] = [:]
  private var order: Deque<(sequence: UInt64, at: Int64)> = []
  private var refused: Deque<(request: PublishRequest, due: Int64)> = []
  private var answers: [ObjectIdentifier: Answer] = [:]

  private struct Answer {
    let lane: Mailbox<LaneMessage>
    var published: [PublishTicket] = []
    var unpublished: [PublishTicket] = []
  }

  /// How many are not confirmed yet.
  var count: Int { waiting.count + sent.count + refused.count }

  /// When the oldest unconfirmed message was sent.
  var oldestSent: Int64? { order.first { sent[$0.sequence] != nil }?.at }

  mutating func add(_ requests: [PublishRequest]) {
    let now = MonotonicTime.nanoseconds()
    for request in requests { waiting.append((request, now)) }
  }

  /// Takes the next message that may be sent now.
  mutating func nextToSend(isBlocked: Bool, now: Int64 = MonotonicTime.nanoseconds())
    -> PublishRequest?
  {
    guard !isBlocked, sent.count < Self.unconfirmedLimit else { return nil }
    if let first = refused.first, first.due <= now { return refused.removeFirst().request }
    return waiting.popFirst()?.request
  }

  /// Gives up what waited for too long to be sent and has another way: deliveries go to the backlog.
  mutating func giveUpOld(now: Int64 = MonotonicTime.nanoseconds()) {
    guard let first = waiting.first, now - first.since > Self.patience else { return }
    let looked = waiting
    waiting = []
    for (request, since) in looked {
      if now - since > Self.patience, request.ticket.hasOtherWay {
        giveUp(request)
      } else {
        waiting.append((request, since))
      }
    }
  }

  mutating func sent(_ request: PublishRequest, as sequence: UInt64, at now: Int64) {
    sent[sequence] = (request, now)
    order.append((sequence, now))
  }

  /// Takes over that the broker has a message; which one, and when it was sent.
  @discardableResult
  mutating func confirmed(_ sequence: UInt64) -> (request: PublishRequest, at: Int64)? {
    guard let (request, at) = take(sequence) else { return nil }
    answers[ObjectIdentifier(request.lane), default: Answer(lane: request.lane)].published
      .append(request.ticket)
    return (request, at)
  }

  /// Takes over that the broker does not take a message; which one.
  @discardableResult
  mutating func refused(_ sequence: UInt64, at now: Int64) -> PublishRequest? {
    guard let (request, _) = take(sequence) else { return nil }
    if request.ticket.hasOtherWay {
      giveUp(request)
    } else {
      refused.append((request, now + Self.refusedPause))
    }
    return request
  }

  private mutating func giveUp(_ request: PublishRequest) {
    answers[ObjectIdentifier(request.lane), default: Answer(lane: request.lane)].unpublished
      .append(request.ticket)
  }

  /// Tells the lanes what was confirmed and what was given up since the last call.
  mutating func answer() {
    for (_, answer) in answers {
      if !answer.published.isEmpty { answer.lane.post(.published(answer.published)) }
      if !answer.unpublished.isEmpty { answer.lane.post(.unpublished(answer.unpublished)) }
    }
    answers.removeAll(keepingCapacity: true)
  }

  /// After a connection was lost: everything unconfirmed is published again, retries with a note that the
  /// broker may have them already.
  ///
  /// - Parameter body: called with each.
  mutating func forgetSent(_ body: (PublishRequest) -> Void = { _ in }) {
    for (sequence, _) in order {
      if var (request, _) = sent[sequence] {
        body(request)
        RetryHeaders.notePossibleCopy(in: &request.message.headers)
        waiting.append((request, MonotonicTime.nanoseconds()))
      }
    }
    sent.removeAll()
    order.removeAll()
  }

  /// How long to sleep when nothing comes from the broker or the lanes, in milliseconds.
  func wait(now: Int64 = MonotonicTime.nanoseconds()) -> Int32 {
    guard let first = refused.first else { return 1000 }
    return Int32(max(0, min(1000, (first.due - now) / 1_000_000 + 1)))
  }

  private mutating func take(_ sequence: UInt64) -> (request: PublishRequest, at: Int64)? {
    let request = sent.removeValue(forKey: sequence)
    while let first = order.first, sent[first.sequence] == nil { order.removeFirst() }
    return request
  }
}
