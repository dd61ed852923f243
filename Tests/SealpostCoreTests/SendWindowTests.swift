import SealpostCore
import Testing

@Suite struct SendWindowTests {
  private static let second: Int64 = 1_000_000_000

  private func closed(at now: Int64 = 0) -> SendWindow {
    var window = SendWindow(most: 64)
    for _ in 0..<5 { window.ended(.failure, startedAt: now, now: now) }
    return window
  }

  @Test func growsWithSuccessesUpToItsShareAndHalvesWhenToldTo() {
    var window = SendWindow(most: 12)
    #expect(window.limit == 8)
    for _ in 0..<10 { window.ended(.success, startedAt: 0, now: 0) }
    #expect(window.limit == 12)
    window.ended(.failure, startedAt: 0, now: 0)
    #expect(window.limit == 12)
    window.ended(.overload, startedAt: 0, now: 0)
    #expect(window.limit == 6)
    for _ in 0..<3 { window.ended(.overload, startedAt: 0, now: 0) }
    #expect(window.limit == 1 && !window.isClosed)
  }

  @Test func closesAfterFiveFailuresThatAreHalfOfTheLastTwenty() {
    var window = SendWindow(most: 64)
    for _ in 0..<4 { window.ended(.failure, startedAt: 0, now: 0) }
    #expect(!window.isClosed)
    window.ended(.failure, startedAt: 0, now: 0)
    #expect(window.isClosed && window.limit == 0)

    var mixed = SendWindow(most: 64)
    for _ in 0..<20 { mixed.ended(.success, startedAt: 0, now: 0) }
    for _ in 0..<9 { mixed.ended(.failure, startedAt: 0, now: 0) }
    #expect(!mixed.isClosed)
    mixed.ended(.failure, startedAt: 0, now: 0)
    #expect(mixed.isClosed)
  }

  @Test func probesOneByOneWithPausesThatDoubleUpToAMinute() {
    var window = closed()
    var now: Int64 = 0
    for pause: Int64 in [5, 10, 20, 40, 60, 60] {
      let due = now + pause * Self.second
      #expect(!window.mayStart(inFlight: 0, now: due - 1))
      #expect(window.mayStart(inFlight: 0, now: due))
      #expect(!window.mayStart(inFlight: 1, now: due))
      window.ended(.overload, startedAt: due, now: due)
      now = due
    }
    window.ended(.success, startedAt: now, now: now)
    #expect(!window.isClosed && window.limit == 1)
    for _ in 0..<3 { window.ended(.success, startedAt: now, now: now) }
    #expect(window.limit == 4)
  }

  @Test func whatBeganBeforeItClosedDoesNotDelayTheProbe() {
    var window = closed(at: Self.second)
    window.ended(.overload, startedAt: 0, now: 4 * Self.second)
    #expect(window.mayStart(inFlight: 0, now: 6 * Self.second))
  }

  @Test func keepsWhatItCanSendSoonAndBooksPlacesForTheRest() {
    var window = SendWindow(most: 8)
    #expect(window.admit(waiting: 4000, inFlight: 8, isDeferred: false, now: 0) == .wait)
    // Eight a second: 16 in two seconds.
    for _ in 0..<8 { window.ended(.success, startedAt: 0, now: Self.second) }
    let now = Self.second
    #expect(window.admit(waiting: 16, inFlight: 8, isDeferred: false, now: now) == .wait)
    let first = window.admit(waiting: 17, inFlight: 8, isDeferred: false, now: now)
    let second = window.admit(waiting: 17, inFlight: 8, isDeferred: false, now: now)
    #expect(first == .later(.milliseconds(2250)))
    #expect(second == .later(.milliseconds(2375)))
    var last = second
    var booked = 2
    while case .later = last {
      last = window.admit(waiting: 17, inFlight: 8, isDeferred: false, now: now)
      booked += 1
    }
    #expect(last == .spill(.longWait))
    #expect(booked == 464, "a minute of places at eight a second, and the one that is too many")
    // Whoever comes back to its place is not sent away again for a little lateness.
    #expect(window.admit(waiting: 70, inFlight: 8, isDeferred: true, now: now) == .wait)
    #expect(window.admit(waiting: 90, inFlight: 8, isDeferred: true, now: now) == .spill(.longWait))
  }

  @Test func aHealthyReceiverIsNeverSpared() {
    // Much waits, but for the lane: the window has room.
    var window = SendWindow(most: 64)
    var now: Int64 = 0
    for _ in 0..<50 {
      #expect(window.admit(waiting: 100_000, inFlight: 5, isDeferred: false, now: now) == .wait)
      #expect(window.isOverdue(waiting: 100_000, inFlight: 5, now: now) == false)
      now += Self.second / 4
      window.ended(.success, startedAt: now, now: now)
    }
    // Slow first answers are no measure of what follows.
    var fast = SendWindow(most: 8)
    for _ in 0..<8 { fast.ended(.success, startedAt: 0, now: Self.second / 2) }
    #expect(
      fast.admit(waiting: 4000, inFlight: 8, isDeferred: false, now: Self.second / 2) == .wait)
    for _ in 0..<9000 { fast.ended(.success, startedAt: 0, now: Self.second) }
    #expect(
      fast.admit(waiting: 4000, inFlight: 8, isDeferred: false, now: Self.second * 3 / 2) == .wait)
  }

  @Test func aGrowingWindowIsJudgedByItsFullSize() {
    var window = SendWindow(most: 64)
    let quarter = Self.second / 4
    for _ in 0..<8 { window.ended(.success, startedAt: 0, now: quarter) }
    #expect(window.limit == 16)
    // 64 at once of a quarter of a second each: 512 in two seconds, though 16 have room as yet.
    func admit(_ waiting: Int, at now: Int64) -> SendWindow.Admission {
      window.admit(waiting: waiting, inFlight: window.limit, isDeferred: false, now: now)
    }
    #expect(admit(511, at: quarter) == .wait)
    #expect(admit(640, at: quarter) == .later(.nanoseconds(2_503_906_250)))
    #expect(window.isOverdue(waiting: 767, inFlight: 16, now: quarter) == false)
    #expect(window.isOverdue(waiting: 769, inFlight: 16, now: quarter) == true)
    // Once its receiver asked for less, what it takes is what counts.
    var shrunk = SendWindow(most: 64)
    shrunk.ended(.success, startedAt: 0, now: quarter)
    shrunk.ended(.overload, startedAt: 0, now: quarter)
    #expect(shrunk.isOverdue(waiting: 511, inFlight: 4, now: quarter) == false, "not yet measured")
    for _ in 0..<8 { shrunk.ended(.success, startedAt: 0, now: quarter) }
    #expect(shrunk.isOverdue(waiting: 48, inFlight: 12, now: 3 * quarter) == false)
    #expect(shrunk.isOverdue(waiting: 49, inFlight: 12, now: 3 * quarter) == true)
  }

  @Test func answersThatComeInWavesAreMeasuredOverOne() {
    var window = SendWindow(most: 8)
    let wave = Self.second * 5 / 4
    _ = window.admit(waiting: 0, inFlight: 8, isDeferred: false, now: 0)
    for _ in 0..<8 { window.ended(.success, startedAt: 0, now: wave) }
    // A straggler of the wave; the next one comes after another second and a quarter.
    #expect(window.isOverdue(waiting: 10, inFlight: 8, now: wave) == false)
    window.ended(.success, startedAt: 1, now: wave + 1)
    #expect(window.isOverdue(waiting: 10, inFlight: 8, now: wave + Self.second) == false)
    for _ in 0..<7 { window.ended(.success, startedAt: wave, now: 2 * wave) }
    // Eight in a second and a quarter: 19 in three seconds.
    #expect(window.isOverdue(waiting: 19, inFlight: 8, now: 2 * wave) == false)
    #expect(window.isOverdue(waiting: 20, inFlight: 8, now: 2 * wave) == true)
  }

  @Test func aReceiverThatTakesItsTimeIsNotTakenForASilentOne() {
    var slow = SendWindow(most: 64)
    var fast = SendWindow(most: 64)
    let now = 4 * Self.second
    for _ in 0..<8 {
      slow.ended(.success, startedAt: Self.second, now: now)
      fast.ended(.success, startedAt: now - 1000, now: now)
    }
    func admit(_ window: inout SendWindow, after time: Int64) -> SendWindow.Admission {
      window.admit(waiting: 30, inFlight: 16, isDeferred: false, now: now + time)
    }
    #expect(admit(&slow, after: 2 * Self.second) == .wait)
    #expect(admit(&fast, after: 2 * Self.second) == .spill(.longWait))
    #expect(admit(&slow, after: 6 * Self.second + 1) == .spill(.longWait))
    // What it keeps waiting has a place at a time that can be told.
    var late = slow
    let admission = late.admit(
      waiting: 100, inFlight: 16, isDeferred: false, now: now + Self.second)
    guard case .later = admission else {
      Issue.record("\(admission)")
      return
    }
  }

  @Test func aSilentReceiverIsNoticedBeforeAnyRequestEnds() {
    var window = SendWindow(most: 64)
    window.started(inFlight: 0, now: 0)
    #expect(window.admit(waiting: 100, inFlight: 8, isDeferred: false, now: 0) == .wait)
    #expect(window.isOverdue(waiting: 100, inFlight: 8, now: Self.second / 4) == false)
    #expect(window.isOverdue(waiting: 100, inFlight: 8, now: Self.second) == true)
    // After more than a second nothing waits in the lane for one of its places.
    let later = Self.second + 1
    #expect(window.admit(waiting: 0, inFlight: 7, isDeferred: false, now: later) == .wait)
    #expect(
      window.admit(waiting: 0, inFlight: 8, isDeferred: true, now: later) == .spill(.longWait))
    #expect(window.isOverdue(waiting: 1, inFlight: 8, now: later) == true)
    #expect(window.isOverdue(waiting: 0, inFlight: 8, now: later) == false)
  }

  @Test func aClosedWindowKeepsOneForItsProbeAndSpillsTheRest() {
    var window = closed()
    #expect(window.admit(waiting: 0, inFlight: 0, isDeferred: false, now: 0) == .wait)
    #expect(window.admit(waiting: 1, inFlight: 0, isDeferred: true, now: 0) == .spill(.closed))
    #expect(window.isOverdue(waiting: 1, inFlight: 0, now: 0) == false)
    #expect(window.isOverdue(waiting: 2, inFlight: 0, now: 0) == true)
  }

  @Test func tellsTheOthersWhenItClosesProbesAndOpens() {
    var window = SendWindow(most: 64)
    for _ in 0..<4 { #expect(window.ended(.failure, startedAt: 0, now: 0) == nil) }
    var now = Self.second
    #expect(window.ended(.failure, startedAt: 0, now: now) == .closed(probeIn: .seconds(5)))
    now += 5 * Self.second
    #expect(window.ended(.overload, startedAt: 0, now: now) == nil, "it began before")
    #expect(
      window.ended(.overload, startedAt: now, now: now) == .closed(probeIn: .seconds(10)))
    now += 10 * Self.second
    #expect(window.ended(.success, startedAt: now, now: now) == .opened)
    now += Self.second
    #expect(window.ended(.success, startedAt: now, now: now) == nil)
    #expect(window.ended(.postponed, startedAt: now, now: now) == .postponed)
    #expect(window.ended(.postponed, startedAt: now, now: now) == nil, "once is enough")
  }

  @Test func hearsFromTheOthersAndProbesLaterThanWhoeverToldIt() {
    var window = SendWindow(most: 64)
    window.hear(.postponed, now: 0)
    #expect(window.limit == 4)
    window.hear(.opened, now: 0)
    #expect(window.limit == 4, "it was not closed")
    window.hear(.closed(probeIn: .seconds(5)), now: 0)
    #expect(window.isClosed && !window.mayStart(inFlight: 0, now: 5 * Self.second))
    #expect(window.mayStart(inFlight: 0, now: 6 * Self.second), "nobody told it more")
    window.hear(.closed(probeIn: .seconds(10)), now: 5 * Self.second)
    #expect(!window.mayStart(inFlight: 0, now: 15 * Self.second))
    window.hear(.opened, now: 15 * Self.second)
    #expect(!window.isClosed && window.limit == 1)
    window.hear(.closed(probeIn: .seconds(1_000_000)), now: 0)
    #expect(window.mayStart(inFlight: 0, now: 61 * Self.second), "no longer than a minute")
  }

  @Test func aSmallerShareHoldsAtOnce() {
    var window = SendWindow(most: 64)
    window.setMost(3)
    #expect(window.limit == 3)
    window.setMost(5)
    for _ in 0..<9 { window.ended(.success, startedAt: 0, now: 0) }
    #expect(window.limit == 5)
  }
}

@Suite struct FailureStreakTests {
  @Test func turnsUnhealthyAndAfterADayOfFailuresSuspended() {
    let start = Timestamp(seconds: 1_000_000)
    var streak = FailureStreak(since: start)
    for _ in 0..<4 { #expect(streak.failed(at: start, policy: .default) == nil) }
    #expect(streak.failed(at: start, policy: .default) == .unhealthy)
    for _ in 0..<100 { #expect(streak.failed(at: start, policy: .default) == nil) }
    #expect(streak.failed(at: start + .seconds(86400), policy: .default) == .suspended)
    #expect(streak.failed(at: start + .seconds(90000), policy: .default) == nil)
  }
}
