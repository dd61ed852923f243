import Testing

@testable import SealpostWorker

@Suite struct DispatcherTests {
  @Test func servesWebhooksInTurn() {
    var dispatcher = Dispatcher(laneLimit: 100, webhookLimit: 2)
    for delivery in 0..<6 {
      dispatcher.enqueue(Int32(delivery), webhook: delivery / 3, line: .firstAttempt)
    }
    #expect((0..<6).map { _ in dispatcher.next() } == [0, 3, 1, 4, nil, nil])
    #expect(dispatcher.waiting == 2 && dispatcher.inFlight == 4)
    dispatcher.ended(webhook: 1, line: .firstAttempt)
    #expect(dispatcher.next() == 5)
    #expect(dispatcher.next() == nil)
  }

  @Test func neitherLineTakesTheOthersShare() {
    var dispatcher = Dispatcher(laneLimit: 8, webhookLimit: 100)
    for delivery in 0..<20 {
      dispatcher.enqueue(Int32(delivery), webhook: 0, line: .firstAttempt)
    }
    var started = 0
    while dispatcher.next() != nil { started += 1 }
    #expect(started == 6)
    for delivery in 20..<40 { dispatcher.enqueue(Int32(delivery), webhook: 1, line: .retry) }
    while let delivery = dispatcher.next() {
      #expect(delivery >= 20)
      started += 1
    }
    #expect(started == 8)
  }

  @Test func keepsTheOrderOfAWebhook() {
    var dispatcher = Dispatcher(laneLimit: 10, webhookLimit: 1)
    for delivery in 0..<50 { dispatcher.enqueue(Int32(delivery), webhook: 3, line: .firstAttempt) }
    for delivery in 0..<50 {
      #expect(dispatcher.next() == Int32(delivery))
      #expect(dispatcher.next() == nil)
      dispatcher.ended(webhook: 3, line: .firstAttempt)
    }
    #expect(dispatcher.waiting == 0 && dispatcher.inFlight == 0)
  }

  @Test func removingWhatWaitsLeavesWhatIsInFlight() {
    var dispatcher = Dispatcher(laneLimit: 4, webhookLimit: 4)
    for delivery in 0..<10 { dispatcher.enqueue(Int32(delivery), webhook: 0, line: .firstAttempt) }
    let started = [dispatcher.next(), dispatcher.next()]
    #expect(started == [0, 1])
    #expect(dispatcher.removeWaiting().sorted() == Array(2..<10))
    #expect(dispatcher.next() == nil && dispatcher.inFlight == 2)
    dispatcher.enqueue(20, webhook: 0, line: .firstAttempt)
    #expect(dispatcher.next() == 20)
  }
}
