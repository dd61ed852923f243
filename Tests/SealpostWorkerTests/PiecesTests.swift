import SealpostBroker
import SealpostCore
import SealpostThreads
import Synchronization
import Testing

@testable import SealpostWorker

@Suite struct PiecesTests {
  /// Takes suspects until none has its turn.
  private func taken(_ queue: inout SuspectQueue, underWay: Int = 0) -> [Int32] {
    var taken: [Int32] = []
    while let (message, isAlone) = queue.next(underWay: underWay) {
      taken.append(message)
      if isAlone { break }
    }
    return taken
  }

  @Test func suspectsAreTriedAFewAtATimeAmongEverythingElse() {
    var queue = SuspectQueue()
    for message: Int32 in 0..<100 { queue.add(message) }
    #expect(taken(&queue, underWay: 3000) == Array(0..<64))
    #expect(!queue.isActive)
    #expect(queue.end(200) == (false, []))
    #expect(queue.end(5) == (true, []))
    #expect(queue.end(5) == (false, []))
    #expect(taken(&queue, underWay: 3000) == [64])
  }

  @Test func suspectsThatWorkersDiedWithAreTriedAloneOneAfterTheOther() {
    var queue = SuspectQueue()
    for message: Int32 in 1...3 { queue.add(message) }
    #expect(taken(&queue) == [1, 2, 3])
    queue.putApart(1)
    queue.putApart(2)
    queue.add(4)
    queue.holdBack(7)
    #expect(queue.isActive)
    #expect(queue.next(underWay: 0) == nil, "the third one is under way")
    #expect(queue.end(3) == (true, []))
    #expect(queue.next(underWay: 1) == nil)
    #expect(taken(&queue) == [1])
    #expect(queue.next(underWay: 0) == nil)
    queue.begin(1)
    #expect(queue.end(9) == (false, []))
    #expect(queue.end(1) == (true, []))
    #expect(taken(&queue) == [2])
    queue.begin(2)
    #expect(queue.end(2) == (true, [7]))
    #expect(!queue.isActive)
    #expect(taken(&queue, underWay: 1) == [4], "who came meanwhile is tried among the others")
  }

  @Test func aLostConnectionForgetsSuspectsThatWait() {
    var queue = SuspectQueue()
    for message: Int32 in 1...2 { queue.add(message) }
    #expect(taken(&queue) == [1, 2])
    queue.putApart(1)
    queue.putApart(2)
    queue.add(4)
    queue.holdBack(3)
    #expect(taken(&queue) == [1])
    #expect(queue.removeWaiting() == [4, 2, 3])
    #expect(queue.end(1) == (true, []))
    #expect(!queue.isActive)
  }

  @Test func whatIsHeldBackCanBeLetGoButNoSuspect() {
    var queue = SuspectQueue()
    for message: Int32 in 1...3 { queue.add(message) }
    #expect(taken(&queue) == [1, 2, 3])
    queue.putApart(1)
    queue.putApart(2)
    for message: Int32 in 4...5 { queue.holdBack(message) }
    queue.add(6)
    #expect(!queue.letGo(3) && !queue.letGo(6))
    #expect(queue.end(3) == (true, []))
    #expect(taken(&queue) == [1])
    #expect(!queue.letGo(1) && !queue.letGo(2) && queue.letGo(4) && queue.letGo(9))
    queue.begin(1)
    #expect(queue.end(1) == (true, []))
    #expect(taken(&queue) == [2])
    #expect(queue.end(2) == (true, [5]))
  }

  @Test func anExperimentShortensHowLongMessagesAreHeld() {
    #expect(FaultPoint.holdLimit(parsing: "give-back:5") == 5_000_000_000)
    for text in [nil, "", "give-back", "give-back:0", "give-back:-1", "after-log:5"] {
      #expect(FaultPoint.holdLimit(parsing: text) == nil)
    }
    #expect(FaultPoint(parsing: "give-back:5") == nil)
  }

  @Test func slotsKeepTheirPlaceAndAreUsedAgain() {
    var table = SlotTable<String>()
    let indices = (0..<1000).map { table.insert("\($0)") }
    let address = table[indices[5]]
    for index in indices.dropFirst(500) { #expect(table.remove(index) == "\(index)") }
    #expect(table.count == 500)
    for number in 0..<2000 { _ = table.insert("again \(number)") }
    #expect(address.pointee == "5" && table[indices[5]] == address)
    var seen = 0
    table.forEachIndex { _ in seen += 1 }
    #expect(seen == 2500)
  }

  @Test func aMailboxLosesNoWakeUp() async {
    let mailbox = Mailbox<Int>(signalWeight: 100)
    let total = 20_000
    let received = Mutex(0)
    let reader = WorkerThread("reader") {
      var count = 0
      while count < total {
        mailbox.wait(milliseconds: 10_000)
        let messages = mailbox.drain()
        if messages.isEmpty { continue }
        count += messages.count
      }
      received.withLock { $0 = count }
    }
    let writers = (0..<4).map { writer in
      WorkerThread("writer-\(writer)") {
        for number in 0..<total / 4 { mailbox.post(number) }
      }
    }
    for writer in writers { await writer.ended() }
    await reader.ended()
    #expect(received.withLock { $0 } == total)
  }

  @Test(arguments: [
    ("application/json", true), ("Application/JSON; charset=utf-8", true), ("", true),
    ("application/json ;x", true), ("text/json", false), ("application/jsonp", false),
    (";charset=utf-8", false), (String(repeating: "a", count: 255), false),
  ])
  func contentTypesAreJSONOrNot(type: String, isJSON: Bool) {
    #expect(Array(type.utf8).withUnsafeBytes { ContentType.isJSON($0) } == isJSON)
  }

  @Test(arguments: [
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
    ("00-4BF92F3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n", false),
    ("00-4bf92f3577b34da6a3ce929d0e0e4736+00f067aa0ba902b7-01", false), ("", false),
  ])
  func traceParentsHaveTheirForm(text: String, isValid: Bool) {
    #expect(Array(text.utf8).withUnsafeBytes { TraceParent.isValid($0) } == isValid)
  }

  @Test func unconfirmedPublishesAreSentAgainAndAnswersGoToTheirLane() {
    let lane = Mailbox<LaneMessage>()
    func request(_ number: Int32) -> PublishRequest {
      PublishRequest(
        lane: lane, ticket: .message(number),
        message: OutgoingMessage(
          exchange: "", routingKey: "\(number)", body: UnsafeRawBufferPointer(start: nil, count: 0),
          headers: [("sealpost-copy", .int(0))]))
    }
    let now: Int64 = 1_000_000_000_000
    var queue = PublishQueue()
    queue.add([request(1), request(2), request(3)])
    #expect(queue.nextToSend(isBlocked: true, now: now) == nil)
    var sequence: UInt64 = 0
    while let next = queue.nextToSend(isBlocked: false, now: now) {
      sequence += 1
      queue.sent(next, as: sequence, at: now)
    }
    #expect(sequence == 3 && queue.oldestSent == now)
    queue.confirmed(2)
    queue.refused(1, at: now)
    #expect(queue.nextToSend(isBlocked: false, now: now) == nil)
    #expect(
      queue.nextToSend(isBlocked: false, now: now + 1_000_000_000)?.message.routingKey == "1")
    queue.forgetSent()
    let again = queue.nextToSend(isBlocked: false, now: now)
    #expect(again?.message.routingKey == "3")
    guard case .int(1) = again?.message.headers.first?.value else {
      Issue.record(
        "a retry that is published once more says that it may be a copy: \(String(describing: again))"
      )
      return
    }
    queue.answer()
    let tickets = lane.drain().flatMap { message -> [PublishTicket] in
      if case .published(let tickets) = message { tickets } else { [] }
    }
    guard tickets.count == 1, case .message(2) = tickets[0] else {
      Issue.record("the lane is told of what was confirmed, once: \(tickets)")
      return
    }
  }
}
