import SealpostCore
import Testing

@testable import SealpostWorker

@Suite struct DispatcherTests {
  @Test func servesWebhooksInTurn() {
    var dispatcher = Dispatcher(laneLimit: 100, webhookLimit: 2, hostLimit: 100)
    for delivery in 0..<6 {
      dispatcher.enqueue(
        Int32(delivery), webhook: delivery / 3, host: 0, line: .firstAttempt, now: 0)
    }
    #expect((0..<6).map { _ in dispatcher.next(now: 0) } == [0, 3, 1, 4, nil, nil])
    #expect(dispatcher.waiting == 2 && dispatcher.inFlight == 4)
    dispatcher.ended(webhook: 1, line: .firstAttempt, .success, startedAt: 0, now: 0)
    #expect(dispatcher.next(now: 0) == 5)
    #expect(dispatcher.next(now: 0) == nil)
  }

  @Test func neitherLineTakesTheOthersShare() {
    var dispatcher = Dispatcher(laneLimit: 8, webhookLimit: 100, hostLimit: 100)
    for delivery in 0..<20 {
      dispatcher.enqueue(Int32(delivery), webhook: 0, host: 0, line: .firstAttempt, now: 0)
    }
    var started = 0
    while dispatcher.next(now: 0) != nil { started += 1 }
    #expect(started == 6)
    for delivery in 20..<40 {
      dispatcher.enqueue(Int32(delivery), webhook: 1, host: 0, line: .retry, now: 0)
    }
    while let delivery = dispatcher.next(now: 0) {
      #expect(delivery >= 20)
      started += 1
    }
    #expect(started == 8)
  }

  @Test func countsTheWindowsThatAreClosed() {
    var dispatcher = Dispatcher(laneLimit: 100, webhookLimit: 8, hostLimit: 100)
    for delivery in 0..<6 {
      dispatcher.enqueue(Int32(delivery), webhook: 0, host: 0, line: .firstAttempt, now: 0)
    }
    for _ in 0..<6 { _ = dispatcher.next(now: 0) }
    for _ in 0..<5 {
      dispatcher.ended(webhook: 0, line: .firstAttempt, .failure, startedAt: 0, now: 0)
    }
    #expect(dispatcher.closedWindows == 1 && dispatcher.windowClosings == 1)
    // What another lane tells counts as closed, but not as this lane's doing.
    dispatcher.hear(.closed(probeIn: .seconds(5)), webhook: 7, now: 0)
    dispatcher.hear(.closed(probeIn: .seconds(5)), webhook: 7, now: 0)
    #expect(dispatcher.closedWindows == 2 && dispatcher.windowClosings == 1)
    dispatcher.hear(.opened, webhook: 7, now: 0)
    dispatcher.ended(webhook: 0, line: .firstAttempt, .success, startedAt: 0, now: 0)
    #expect(dispatcher.closedWindows == 0 && dispatcher.windowClosings == 1)
  }

  @Test func keepsTheOrderOfAWebhook() {
    var dispatcher = Dispatcher(laneLimit: 10, webhookLimit: 1, hostLimit: 100)
    for delivery in 0..<50 {
      dispatcher.enqueue(Int32(delivery), webhook: 3, host: 0, line: .firstAttempt, now: 0)
    }
    for delivery in 0..<50 {
      #expect(dispatcher.next(now: 0) == Int32(delivery))
      #expect(dispatcher.next(now: 0) == nil)
      dispatcher.ended(webhook: 3, line: .firstAttempt, .success, startedAt: 0, now: 0)
    }
    #expect(dispatcher.waiting == 0 && dispatcher.inFlight == 0)
  }

  @Test func removingWhatWaitsLeavesWhatIsInFlight() {
    var dispatcher = Dispatcher(laneLimit: 4, webhookLimit: 4, hostLimit: 100)
    for delivery in 0..<10 {
      dispatcher.enqueue(Int32(delivery), webhook: 0, host: 0, line: .firstAttempt, now: 0)
    }
    let started = [dispatcher.next(now: 0), dispatcher.next(now: 0)]
    #expect(started == [0, 1])
    #expect(dispatcher.removeWaiting().sorted() == Array(2..<10))
    #expect(dispatcher.next(now: 0) == nil && dispatcher.inFlight == 2)
    dispatcher.enqueue(20, webhook: 0, host: 0, line: .firstAttempt, now: 0)
    #expect(dispatcher.next(now: 0) == 20)
  }

  @Test func aHostTakesNoMoreThanItsShareHoweverManyWebhooksPointAtIt() {
    var dispatcher = Dispatcher(laneLimit: 100, webhookLimit: 8, hostLimit: 5)
    for delivery in 0..<30 {
      dispatcher.enqueue(
        Int32(delivery), webhook: delivery / 3, host: 0, line: .firstAttempt, now: 0)
    }
    dispatcher.enqueue(30, webhook: 10, host: 1, line: .firstAttempt, now: 0)
    var started: [Int32] = []
    while let delivery = dispatcher.next(now: 0) { started.append(delivery) }
    #expect(started.count == 6 && started.contains(30))
    var ended = 0
    while let delivery = started.popLast() {
      dispatcher.ended(
        webhook: delivery == 30 ? 10 : Int(delivery) / 3, line: .firstAttempt, .success,
        startedAt: 0, now: 0)
      ended += 1
      while let next = dispatcher.next(now: 0) { started.append(next) }
    }
    #expect(ended == 31 && dispatcher.waiting == 0)
  }

  @Test func whatWaitsForAClosedWindowIsTakenOutButForItsProbe() {
    let second: Int64 = 1_000_000_000
    var dispatcher = Dispatcher(laneLimit: 100, webhookLimit: 64, hostLimit: 100)
    for delivery in 0..<20 {
      dispatcher.enqueue(Int32(delivery), webhook: 0, host: 0, line: .firstAttempt, now: 0)
    }
    for _ in 0..<8 { #expect(dispatcher.next(now: 0) != nil) }
    for _ in 0..<8 {
      dispatcher.ended(
        webhook: 0, line: .firstAttempt, .failure, startedAt: 0, now: second)
    }
    #expect(dispatcher.next(now: second) == nil)
    #expect(dispatcher.sweep(now: second) == Array(8..<20))
    #expect(dispatcher.admit(webhook: 0, isDeferred: false, now: second) == .wait)
    dispatcher.enqueue(8, webhook: 0, host: 0, line: .firstAttempt, now: second)
    #expect(dispatcher.admit(webhook: 0, isDeferred: false, now: second) == .spill(.closed))
    #expect(dispatcher.sweep(now: 5 * second).isEmpty && dispatcher.next(now: 5 * second) == nil)
    #expect(dispatcher.sweep(now: 6 * second).isEmpty)
    #expect(dispatcher.next(now: 6 * second) == 8)
  }

  @Test func aWebhookThatMovesToAnotherHostLeavesNothingBehind() {
    var dispatcher = Dispatcher(laneLimit: 100, webhookLimit: 8, hostLimit: 2)
    for round in 0..<10 {
      for delivery in 0..<2 {
        dispatcher.enqueue(
          Int32(delivery), webhook: 0, host: round % 2, line: .firstAttempt, now: 0)
      }
      #expect(dispatcher.next(now: 0) == 0 && dispatcher.inFlight == 1)
      dispatcher.enqueue(2, webhook: 0, host: 1 - round % 2, line: .firstAttempt, now: 0)
      #expect(dispatcher.next(now: 0) == 1 && dispatcher.next(now: 0) == nil)
      for _ in 0..<2 {
        dispatcher.ended(webhook: 0, line: .firstAttempt, .success, startedAt: 0, now: 0)
      }
      #expect(dispatcher.next(now: 0) == 2)
      dispatcher.ended(webhook: 0, line: .firstAttempt, .success, startedAt: 0, now: 0)
      #expect(dispatcher.inFlight == 0 && dispatcher.waiting == 0)
    }
  }

  @Test func accountsOverTheirShareHaveAQuarterWhileOthersWait() {
    var dispatcher = Dispatcher(laneLimit: 400, webhookLimit: 400, hostLimit: 400)
    for delivery in 0..<200 {
      dispatcher.enqueue(Int32(delivery), webhook: 0, host: 0, line: .bulk, now: 0)
      dispatcher.enqueue(Int32(200 + delivery), webhook: 1, host: 0, line: .firstAttempt, now: 0)
    }
    // A slot at a time, so that nothing but whose turn it is decides.
    dispatcher.limit = 1
    var bulk = 0
    for _ in 0..<100 {
      let delivery = dispatcher.next(now: 0)!
      bulk += delivery < 200 ? 1 : 0
      dispatcher.ended(
        webhook: delivery < 200 ? 0 : 1, line: delivery < 200 ? .bulk : .firstAttempt, .success,
        startedAt: 0, now: 0)
    }
    #expect(bulk == 25)
  }

  @Test func aloneTheyHaveAQuarterOfTheSlots() {
    var dispatcher = Dispatcher(laneLimit: 16, webhookLimit: 100, hostLimit: 100)
    for delivery in 0..<20 {
      dispatcher.enqueue(Int32(delivery), webhook: delivery, host: 0, line: .bulk, now: 0)
    }
    var started = 0
    while dispatcher.next(now: 0) != nil { started += 1 }
    #expect(started == 4)
  }

  @Test func aSmallerShareHoldsAtOnceAndALargerOneIsGrownInto() {
    var dispatcher = Dispatcher(laneLimit: 100, webhookLimit: 8, hostLimit: 100)
    for delivery in 0..<100 {
      dispatcher.enqueue(Int32(delivery), webhook: 0, host: 0, line: .firstAttempt, now: 0)
    }
    func start() -> Int {
      var started = 0
      while dispatcher.next(now: 0) != nil { started += 1 }
      return started
    }
    func end(_ count: Int) {
      for _ in 0..<count {
        dispatcher.ended(webhook: 0, line: .firstAttempt, .success, startedAt: 0, now: 0)
      }
    }
    #expect(start() == 8)
    dispatcher.setLimits(webhook: Dispatcher.share(of: 8, lanes: 3), host: 100)
    end(8)
    #expect(start() == 2)
    dispatcher.setLimits(webhook: 4, host: 100)
    end(2)
    #expect(start() == 4)
    #expect(Dispatcher.share(of: 8, lanes: 20) == 1 && Dispatcher.share(of: 8, lanes: 0) == 8)
  }

  @Test func whatAnotherLaneLearnedHoldsHere() {
    let second: Int64 = 1_000_000_000
    var dispatcher = Dispatcher(laneLimit: 100, webhookLimit: 64, hostLimit: 100)
    dispatcher.hear(.closed(probeIn: .seconds(5)), webhook: 7, now: 0)
    dispatcher.enqueue(1, webhook: 7, host: 0, line: .firstAttempt, now: 0)
    #expect(dispatcher.next(now: 0) == nil)
    #expect(dispatcher.admit(webhook: 7, isDeferred: false, now: 0) == .spill(.closed))
    dispatcher.hear(.opened, webhook: 7, now: second)
    #expect(dispatcher.next(now: second) == 1)
  }
}
