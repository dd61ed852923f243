import Testing

@testable import SealpostWorker

@Suite struct ConcurrencyLimitTests {
  private static let millisecond: Int64 = 1_000_000

  /// Lets a lane work, whose answers come as `rate` says: per millisecond, for as many in flight.
  private func work(
    _ limit: inout ConcurrencyLimit, from start: Int64 = 0, milliseconds: Int64,
    asleep: (Int) -> Double = { _ in 0 }, hasWaiting: Bool = true, rate: (Int) -> Double
  ) -> Int64 {
    var now = start
    var due = 0.0
    for _ in 0..<milliseconds {
      now += Self.millisecond
      due += rate(limit.current)
      limit.turn(
        now: now, slept: Int64(asleep(limit.current) * Double(Self.millisecond)), ended: Int(due),
        inFlight: limit.current, hasWaiting: hasWaiting)
      due -= due.rounded(.down)
    }
    return now
  }

  @Test func growsFastWhileTheLaneMostlySleeps() {
    var limit = ConcurrencyLimit(most: 512)
    // Each answer takes 20 ms.
    _ = work(&limit, milliseconds: 300, asleep: { _ in 0.9 }) { Double($0) / 20 }
    #expect(limit.current == 512)
  }

  @Test func growsWhereNoAnswerComes() {
    var limit = ConcurrencyLimit(most: 512)
    _ = work(&limit, milliseconds: 200, asleep: { _ in 1 }) { _ in 0 }
    #expect(limit.current == 512)
  }

  @Test func growsWhereMoreAnswersCome() {
    var limit = ConcurrencyLimit(most: 512)
    _ = work(&limit, milliseconds: 3000) { Double(min($0, 200)) / 4 }
    #expect((120...350).contains(limit.current))
  }

  @Test func shrinksWhereNoFewerAnswersCome() {
    var limit = ConcurrencyLimit(most: 512)
    let now = work(&limit, milliseconds: 300, asleep: { _ in 0.9 }) { Double($0) / 20 }
    #expect(limit.current == 512)
    _ = work(&limit, from: now, milliseconds: 2000, asleep: { _ in 0.1 }) { _ in 30 }
    #expect(limit.current <= 24)
  }

  @Test func anIdleLaneStaysAsItIs() {
    var limit = ConcurrencyLimit(most: 512)
    _ = work(&limit, milliseconds: 200, asleep: { _ in 1 }, hasWaiting: false) { _ in 1 }
    #expect(limit.current == 16)
  }

  @Test func neverExceedsASmallMost() {
    var limit = ConcurrencyLimit(most: 4)
    let now = work(&limit, milliseconds: 500, asleep: { _ in 0.9 }) { Double($0) }
    #expect(limit.current == 4)
    _ = work(&limit, from: now, milliseconds: 500) { Double($0) }
    #expect(limit.current == 4)
  }
}
