import SealpostBroker
import SealpostCore
import SealpostThreads

/// What the lanes want published: until when it is tried, and which lane is to be told what became of it.
/// Pure. Times are nanoseconds of the monotonic clock.
struct PublishQueue {
  /// How many may be unconfirmed at once: enough to fill the way, few enough for a steady answer.
  private static let unconfirmedLimit = 4096

  /// How long what has another way waits to be sent before it takes that.
  private static let patience: Int64 = 5_000_000_000

  private var messages = UnconfirmedMessages<PublishRequest>(limit: unconfirmedLimit)
  private var answers: [ObjectIdentifier: Answer] = [:]

  private struct Answer {
    let lane: Mailbox<LaneMessage>
    var published: [PublishTicket] = []
    var unpublished: [PublishTicket] = []
  }

  /// How many are not confirmed yet.
  var count: Int { messages.count }

  /// When the oldest unconfirmed message was sent.
  var oldestSent: Int64? { messages.oldestSent }

  mutating func add(_ requests: [PublishRequest]) {
    let now = MonotonicTime.nanoseconds()
    for request in requests { messages.add(request, at: now) }
  }

  /// Takes the next message that may be sent now.
  mutating func nextToSend(isBlocked: Bool, now: Int64 = MonotonicTime.nanoseconds())
    -> PublishRequest?
  {
    messages.nextToSend(isBlocked: isBlocked, now: now)
  }

  /// Gives up what waited for too long to be sent and has another way: deliveries go to the backlog.
  mutating func giveUpOld(now: Int64 = MonotonicTime.nanoseconds()) {
    guard let since = messages.waitingSince, now - since > Self.patience else { return }
    let givenUp = messages.giveUp { request, since in
      now - since > Self.patience && request.ticket.hasOtherWay
    }
    for request in givenUp { giveUp(request) }
  }

  mutating func sent(_ request: PublishRequest, as sequence: UInt64, at now: Int64) {
    messages.sent(request, as: sequence, at: now)
  }

  /// Takes over that the broker has a message; which one, and when it was sent.
  @discardableResult
  mutating func confirmed(_ sequence: UInt64) -> (request: PublishRequest, at: Int64)? {
    guard let (request, at) = messages.take(sequence) else { return nil }
    answers[ObjectIdentifier(request.lane), default: Answer(lane: request.lane)].published
      .append(request.ticket)
    return (request, at)
  }

  /// Takes over that the broker does not take a message; which one.
  @discardableResult
  mutating func refused(_ sequence: UInt64, at now: Int64) -> PublishRequest? {
    guard let (request, _) = messages.take(sequence) else { return nil }
    if request.ticket.hasOtherWay {
      giveUp(request)
    } else {
      messages.sendLater(request, at: now)
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
    messages.forgetSent(at: MonotonicTime.nanoseconds()) { request in
      body(request)
      RetryHeaders.notePossibleCopy(in: &request.message.headers)
    }
  }

  /// How long to sleep when nothing comes from the broker or the lanes, in milliseconds.
  func wait(now: Int64 = MonotonicTime.nanoseconds()) -> Int32 { messages.wait(now: now) }
}
