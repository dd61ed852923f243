/// How many requests a lane keeps in flight: no more than bring more answers.
///
/// A request costs more the more of them are in flight beside it, since none of their memory stays in the
/// processor's caches; and where lane or receivers have enough to do, more in flight only wait longer.
/// So the lane tries: a third less, kept where that many answers come still; half as much again, kept
/// where more answers come. While it mostly sleeps it need not try, and doubles.
///
/// Pure: it is told what happened. Times are nanoseconds of a clock that does not jump.
struct ConcurrencyLimit {
  private static let least = 16
  private static let shortestRound: Int64 = 20_000_000
  /// How many more answers make half as much again in flight worth it, and how many fewer make a third less.
  private static let worth = (up: 1.1, down: 0.9)

  /// What is seen while the limit stays the same.
  private struct Round {
    var start: Int64
    var ended = 0
    var slept: Int64 = 0
  }

  private let most: Int
  private var round = Round(start: 0)
  /// The limit before the trial under way, and how many answers came a second.
  private var before: (limit: Int, rate: Double)?
  private var triesMore = false

  /// How many may be in flight.
  private(set) var current: Int

  /// - Parameter most: the limit that it never exceeds.
  init(most: Int) {
    self.most = most
    current = min(most, Self.least)
  }

  /// Notes a turn of the lane.
  ///
  /// - Parameters:
  ///   - now: the time.
  ///   - slept: how long the lane waited for something to happen in this turn.
  ///   - ended: how many requests ended.
  ///   - inFlight: how many were in flight while it waited.
  ///   - hasWaiting: whether deliveries waited to be started.
  mutating func turn(now: Int64, slept: Int64, ended: Int, inFlight: Int, hasWaiting: Bool) {
    guard hasWaiting else {
      // How fast answers come says nothing where there is too little to do.
      round = Round(start: now)
      return
    }
    round.ended += ended
    round.slept += slept
    let time = now - round.start
    guard time >= Self.shortestRound else { return }
    if round.slept * 2 > time {
      before = nil
      if inFlight >= current { current = min(most, current * 2) }
    } else if round.ended >= current * 4 {
      judge(rate: Double(round.ended) / Double(time))
    } else {
      return
    }
    round = Round(start: now)
  }

  private mutating func judge(rate: Double) {
    if let trial = before {
      let isMore = current > trial.limit
      guard rate >= trial.rate * (isMore ? Self.worth.up : Self.worth.down) else {
        current = trial.limit
        triesMore = !isMore
        before = nil
        return
      }
    }
    if current <= min(most, Self.least) { triesMore = true }
    if current >= most { triesMore = false }
    before = (current, rate)
    current =
      triesMore
      ? min(most, current + current / 2)
      : max(min(most, Self.least), current - current / 3)
  }
}
