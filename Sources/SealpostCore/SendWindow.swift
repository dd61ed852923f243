/// How many requests a webhook may have in flight in one lane, learned from its answers, and what becomes of
/// a delivery that it cannot take now.
///
/// Open, it begins at 8, grows by one with each success up to its share, and halves where the receiver says
/// that it is too much (429, 502, 503, 504) or does not answer in time. When at least five and half of the
/// last twenty requests failed it closes: one probe at a time, 5 s later and then after twice as long up to
/// 60 s, until one succeeds and the window opens at 1.
///
/// Pure. Times are nanoseconds of the monotonic clock.
public struct SendWindow: Sendable {
  /// What the end of a request says about its receiver.
  public enum Ending: Sendable {
    /// It took the delivery.
    case success
    /// It failed in a way that asks for less: it is overloaded, or did not answer in time.
    case overload
    /// The same, and it says when to come again.
    case postponed
    /// It failed in another way.
    case failure
  }

  /// What the windows of the same webhook in other lanes should know.
  public enum News: Hashable, Sendable {
    /// It closed, or a probe failed; this lane probes after so long.
    case closed(probeIn: Duration)
    /// A probe succeeded.
    case opened
    /// The receiver asked for less and said when to come again.
    case postponed
  }

  /// What to do with a delivery.
  public enum Admission: Hashable, Sendable {
    /// Keep it in the lane: its turn comes soon.
    case wait
    /// Send it round the ladder, so much later: a place is kept for it.
    case later(Duration)
    /// Put it into the backlog.
    case spill(SpillReason)
  }

  /// Why a delivery goes to the backlog. The raw value is what its row holds.
  public enum SpillReason: String, Sendable {
    /// The window is closed and its probe is at hand.
    case closed = "window_closed"
    /// It would wait for more than a minute.
    case longWait = "long_wait"
    /// Its request goes on, but nobody knows for how long.
    case silent = "no_answer_yet"
    /// The ladder did not take it.
    case ladder = "ladder_refused"
    /// Its owner paused the webhook.
    case paused = "webhook_paused"
  }

  private static let first = 8
  private static let closingFailures = 5
  private static let remembered = 20
  private static let probePauses: ClosedRange<Int64> = 5_000_000_000...60_000_000_000
  private static let measuredTime: Int64 = 500_000_000
  private static let silence: Int64 = 100_000_000
  private static let longSilence: Int64 = 1_000_000_000
  private static let longestWait: Int64 = 2_000_000_000
  private static let longestWaitOfDeferred: Int64 = 10_000_000_000
  private static let longestDeferral: Int64 = 60_000_000_000

  /// For how long nothing more is told after something was: what is missed costs only speed.
  private static let tellingPause: Int64 = 250_000_000
  /// How much later than the lane that told of it another one probes: by then it heard how that went.
  private static let probeMargin: Int64 = 1_000_000_000

  private var most: Int
  private var toldAt = Int64.min / 2
  private var failures: UInt32 = 0
  private var endings = 0
  private var closedAt: Int64?
  private var probeAt: Int64 = 0
  private var probePause = probePauses.lowerBound
  private var lastProgress: Int64 = 0
  /// How long its receiver takes for an answer, of late; 0 before the first success.
  private var answerTime: Int64 = 0
  /// Set until it has its full size or its receiver asks for less.
  private var isGrowing: Bool
  private var measure: (since: Int64, ended: Int64)?
  private var timeOfEach: Int64 = 0
  private var bookedUntil: Int64 = 0

  /// How many requests may be in flight; 0 while it is closed.
  public private(set) var limit: Int

  /// - Parameter most: the share of the webhook's limit that the lane has.
  public init(most: Int) {
    self.most = most
    limit = min(Self.first, most)
    isGrowing = limit < most
  }

  /// Whether it is closed.
  public var isClosed: Bool { closedAt != nil }

  /// Whether another request may start.
  public func mayStart(inFlight: Int, now: Int64) -> Bool {
    isClosed ? inFlight == 0 && now >= probeAt : inFlight < limit
  }

  /// Notes that a request starts.
  ///
  /// - Parameter inFlight: how many there were before it.
  public mutating func started(inFlight: Int, now: Int64) {
    if inFlight == 0 { lastProgress = now }
  }

  /// Whether nothing has ended for so long that its requests wait for their receiver alone.
  public func isSilent(inFlight: Int, now: Int64) -> Bool {
    inFlight > 0 && now - lastProgress > Self.silence
  }

  /// Whether nothing has ended for longer than the receiver lets expect, and at least for so long.
  private func isQuiet(_ least: Int64, inFlight: Int, now: Int64) -> Bool {
    inFlight > 0 && now - lastProgress > max(least, answerTime * 2)
  }

  /// Whether no other may start until one of those ends that have not for long.
  private func isStuck(inFlight: Int, now: Int64) -> Bool {
    inFlight >= limit && isQuiet(Self.longSilence, inFlight: inFlight, now: now)
  }

  /// Changes the share of the webhook's limit that the lane has.
  public mutating func setMost(_ most: Int) {
    self.most = most
    limit = min(limit, most)
  }

  /// Notes the end of a request.
  ///
  /// - Returns: what to tell the other lanes, mostly nothing.
  @discardableResult
  public mutating func ended(_ ending: Ending, startedAt: Int64, now: Int64) -> News? {
    guard let news = note(ending, startedAt: startedAt, now: now), now - toldAt > Self.tellingPause
    else { return nil }
    toldAt = now
    return news
  }

  /// Takes over what another lane learned about the receiver.
  public mutating func hear(_ news: News, now: Int64) {
    switch news {
    case .opened:
      if isClosed { open() }
    case .postponed:
      if !isClosed { shrink() }
    case .closed(let probeIn):
      let pause = min(max(0, probeIn.nanoseconds), Self.probePauses.upperBound)
      if !isClosed { close(now) }
      probePause = max(probePause, pause)
      probeAt = max(probeAt, now + pause + Self.probeMargin)
    }
  }

  private mutating func note(_ ending: Ending, startedAt: Int64, now: Int64) -> News? {
    lastProgress = now
    measure?.ended += 1
    if let closedAt {
      if ending == .success {
        open()
        return .opened
      } else if startedAt >= closedAt {
        // What began before the window closed says nothing new.
        probePause = min(probePause * 2, Self.probePauses.upperBound)
        probeAt = now + probePause
        return .closed(probeIn: .nanoseconds(probePause))
      }
      return nil
    }
    failures = (failures << 1 | (ending == .success ? 0 : 1)) & (1 << Self.remembered - 1)
    endings = min(endings + 1, Self.remembered)
    switch ending {
    case .success:
      let time = now - startedAt
      // The first ones take longer, with connection and handshake: a shorter time counts for more.
      answerTime += answerTime == 0 ? time : (time - answerTime) / (time < answerTime ? 2 : 8)
      limit = min(limit + 1, most)
      if limit == most { isGrowing = false }
    case .overload, .postponed: shrink()
    case .failure: break
    }
    let failed = failures.nonzeroBitCount
    if ending != .success, failed >= Self.closingFailures, failed * 2 >= endings {
      close(now)
      return .closed(probeIn: .nanoseconds(probePause))
    }
    return ending == .postponed ? .postponed : nil
  }

  /// Decides about a delivery.
  ///
  /// - Parameters:
  ///   - waiting: how many wait before it.
  ///   - inFlight: how many requests are in flight.
  ///   - isDeferred: whether it comes back to the place that was kept for it.
  public mutating func admit(waiting: Int, inFlight: Int, isDeferred: Bool, now: Int64) -> Admission
  {
    guard !isClosed else { return waiting == 0 ? .wait : .spill(.closed) }
    if isStuck(inFlight: inFlight, now: now) { return .spill(.longWait) }
    look(inFlight: inFlight, now: now)
    let each = timeOfEach
    let wait = each * Int64(waiting)
    if isDeferred { return wait <= Self.longestWaitOfDeferred ? .wait : .spill(.longWait) }
    guard wait > Self.longestWait || bookedUntil > now + Self.longestWait else { return .wait }
    let place = max(bookedUntil, now + wait) + each
    // When a receiver that says nothing will take it, nobody knows: a place would be a guess.
    guard !isQuiet(Self.silence, inFlight: inFlight, now: now), place - now <= Self.longestDeferral
    else {
      return .spill(.longWait)
    }
    bookedUntil = place
    return .later(.nanoseconds(place - now))
  }

  /// Whether more wait than should.
  public mutating func isOverdue(waiting: Int, inFlight: Int, now: Int64) -> Bool {
    if isClosed { return waiting > 1 }
    if isStuck(inFlight: inFlight, now: now) { return waiting > 0 }
    look(inFlight: inFlight, now: now)
    return timeOfEach * Int64(waiting) > Self.longestWait * 3 / 2
  }

  /// Measures for how long each delivery that waits keeps the next one waiting, while it is this window that
  /// they wait for and not the lane: over half a second at least, since the first answers of a receiver tell
  /// little, and over the time of an answer, since what began together ends together; from how long nothing
  /// has ended where nothing does. While the window grows, what came until now says little of what will: then
  /// it is judged by its full size.
  private mutating func look(inFlight: Int, now: Int64) {
    guard inFlight >= limit else {
      measure = nil
      timeOfEach = 0
      return
    }
    if isGrowing, answerTime > 0 {
      measure = nil
      timeOfEach = max(answerTime, now - lastProgress) / Int64(most)
      return
    }
    guard let (since, ended) = measure else { return measure = (now, 0) }
    guard now - since >= max(Self.measuredTime, answerTime) else { return }
    timeOfEach = ended > 0 ? (now - since) / ended : (now - lastProgress) / Int64(limit)
    measure = (now, 0)
  }

  private mutating func shrink() {
    limit = max(1, limit / 2)
    isGrowing = false
  }

  private mutating func close(_ now: Int64) {
    limit = 0
    closedAt = now
    probePause = Self.probePauses.lowerBound
    probeAt = now + probePause
    bookedUntil = 0
  }

  private mutating func open() {
    limit = 1
    isGrowing = limit < most
    closedAt = nil
    failures = 0
    endings = 0
    measure = nil
    timeOfEach = 0
  }
}
