import Foundation
import SealpostCore
import Testing

@testable import SealpostStore

/// What owners and operators ask of a store.
extension StoreTests {
  @Test(arguments: Engine.allCases) func anAccountHasNoMoreWebhooksThanItMay(_ engine: Engine)
    async throws
  {
    let store = try open(engine)
    let first = try await store.create(draft("a"), most: 2)
    _ = try await store.create(draft("b"), most: 2)
    await #expect(throws: StoreError.quotaReached(2)) {
      try await store.create(draft("c"), most: 2)
    }
    try await store.delete(first.id)
    _ = try await store.create(draft("c"), most: 2)
  }

  @Test(arguments: Engine.allCases) func webhooksAreFoundSortedAndPaged(_ engine: Engine)
    async throws
  {
    let store = try open(engine)
    for name in ["b%", "a_", "c"] { _ = try await store.create(draft(name)) }
    var filter = WebhookFilter()
    func names() async throws -> [String] { try await store.webhooks(filter).map(\.name) }
    #expect(try await names() == ["a_", "b%", "c"])
    filter.isDescending = true
    filter.offset = 1
    filter.limit = 1
    #expect(try await names() == ["b%"])
    filter = WebhookFilter()
    filter.order = .createdAt
    #expect(try await names() == ["b%", "a_", "c"])
    filter.text = "%"
    #expect(try await names() == ["b%"], "signs of LIKE are themselves")
    filter.text = "EXAMPLE.test"
    #expect(try await names().count == 3)
    filter.account = "other"
    #expect(try await names().isEmpty)
  }

  @Test(arguments: Engine.allCases) func aRotatedTokenLivesOnUntilItsOverlapEnds(_ engine: Engine)
    async throws
  {
    let store = try open(engine)
    let webhook = try await store.create(draft(token: "one"))
    var change = WebhookChange()
    change.token = WebhookToken("two")
    change.overlapUntil = Timestamp(seconds: 100)
    #expect(try await store.update(webhook.id, change).tokens.map(\.clearText) == ["two", "one"])
    let revision = try await store.webhook(webhook.id).revision
    #expect(try await store.endOverlaps(now: Timestamp(seconds: 99)) == 0)
    #expect(try await store.endOverlaps(now: Timestamp(seconds: 100)) == 1)
    let after = try await store.webhook(webhook.id)
    #expect(after.tokens.map(\.clearText) == ["two"] && after.revision > revision)
    change.overlapUntil = nil
    change.token = WebhookToken("three")
    #expect(try await store.update(webhook.id, change).tokens.map(\.clearText) == ["three"])
  }

  @Test(arguments: Engine.allCases) func aKeyIsTakenOnceAndAnswersTheSameRequestOnly(
    _ engine: Engine
  ) async throws {
    let store = try open(engine)
    let now = Timestamp(seconds: 1000)
    func take(_ request: UInt8, _ owner: String = "me", at time: Timestamp) async throws
      -> IdempotencyVerdict
    {
      try await store.takeKey("k", owner: owner, request: [request], now: time)
    }
    #expect(try await take(1, at: now) == .taken)
    #expect(try await take(1, at: now) == .busy)
    #expect(try await take(2, at: now) == .mismatch)
    #expect(try await take(2, "other", at: now) == .taken)
    #expect(try await take(1, at: Timestamp(seconds: 1061)) == .taken, "its process died")
    let answer = KeptAnswer(status: 201, body: Array("secret".utf8))
    try await store.keepAnswer(answer, key: "k", owner: "me")
    try await store.releaseKey("k", owner: "me")
    #expect(try await take(1, at: now) == .answered(answer))
    try await store.releaseKey("k", owner: "other")
    #expect(try await take(7, "other", at: now) == .taken)
    #expect(try await take(1, at: now + .seconds(90_000)) == .taken, "a day is over")
  }

  @Test(arguments: Engine.allCases) func oldEntriesOfTheAuditLogGoTheOldestFirst(_ engine: Engine)
    async throws
  {
    let store = try open(engine)
    for seconds: Int64 in [100, 200, 300, 400] {
      try await store.append(
        AuditEntry(
          account: "acme", actor: "me", action: "webhook.update", subject: "\(seconds)",
          at: Timestamp(seconds: seconds)))
    }
    func subjects() async throws -> [String] {
      try await store.audit(account: "acme", before: nil, limit: 10).map(\.subject)
    }
    #expect(try await store.pruneAudit(olderThan: Timestamp(seconds: 100), slice: 10) == 0)
    #expect(try await store.pruneAudit(olderThan: Timestamp(seconds: 400), slice: 2) == 2)
    #expect(try await subjects() == ["400", "300"])
    #expect(try await store.pruneAudit(olderThan: Timestamp(seconds: 400), slice: 2) == 1)
    #expect(try await subjects() == ["400"])
  }

  @Test(arguments: Engine.allCases) func aReplayTakesEachDeliveryOnceByItsLastAttempt(
    _ engine: Engine
  ) async throws {
    let store = try open(engine)
    let webhook = try await store.create(draft())
    let other = try await store.create(draft("other"))
    for number in 0..<5 {
      _ = try record(
        store, event: "dead_\(number)", webhook: webhook, [(1, .retry), (2, .exhausted)])
    }
    _ = try record(store, event: "fine", webhook: webhook, [(1, .retry), (2, .delivered)])
    _ = try record(store, event: "parked", webhook: webhook, [], park: true)
    _ = try record(store, event: "dead_0", webhook: other, [(1, .exhausted)])
    func count(_ outcome: ReplaySelection.Outcome?) async throws -> Int {
      try await store.count(selection(outcome), webhook: webhook.id, upTo: 100)
    }
    #expect(try await count(.attempt(.exhausted)) == 5)
    #expect(try await count(.attempt(.retry)) == 0, "each of them went on")
    #expect(try await count(.parked) == 1)
    #expect(try await count(nil) == 6)
    #expect(
      try await store.count(selection(.attempt(.exhausted)), webhook: webhook.id, upTo: 3) == 3)
    let replay = try await store.createReplay(
      id: UUID().uuidString, account: "acme", webhook: webhook.id, selection(nil), rate: nil,
      expected: 6)
    // What comes later is not of it.
    _ = try record(store, event: "late", webhook: webhook, [(1, .delivered)])
    var steps = 0
    while try await store.advanceReplays(now: .now(), most: 100, slice: 2) { steps += 1 }
    #expect(steps >= 3)
    let done = try await store.replay(replay.id)
    #expect(done.state == .done && done.queued == 6)
    let waiting = try store.waiting(for: webhook.key, now: .now(), limit: 100)
    #expect(
      Set(waiting.map(\.resend.eventID)) == Set((0..<5).map { "dead_\($0)" } + ["fine"]))
    #expect(waiting.count == 6 && waiting.allSatisfy { $0.resend.run == 1 && $0.attempt == 1 })
    #expect(waiting.allSatisfy { $0.resend.trigger == .replay })
    let ended = try await store.backlog(states: [.exhausted, .parked], limit: 10)
    #expect(ended.map(\.eventID) == ["parked", "dead_0"] && ended.last?.webhookID == other.id)
  }

  @Test(arguments: Engine.allCases) func aReplayKeepsItsRateAndItsPlaceAndEndsWhenItIsTold(
    _ engine: Engine
  ) async throws {
    let store = try open(engine)
    let webhook = try await store.create(draft())
    for number in 0..<30 {
      _ = try record(store, event: "evt_\(number)", webhook: webhook, [(1, .exhausted)])
    }
    let replay = try await store.createReplay(
      id: UUID().uuidString, account: "acme", webhook: webhook.id, selection(.attempt(.exhausted)),
      rate: 2, expected: 30)
    let now = Timestamp.now()
    while try await store.advanceReplays(now: now, most: 100, slice: 1000),
      try await store.replay(replay.id).queued < 10
    {}
    _ = try await store.advanceReplays(now: now, most: 100, slice: 1000)
    #expect(try await store.replay(replay.id).queued == 10, "five seconds ahead and no more")
    let due = try store.waiting(for: webhook.key, now: now + .seconds(2), limit: 100)
    #expect((4...6).contains(due.count))
    _ = try await store.advanceReplays(now: now + .seconds(5), most: 100, slice: 1000)
    #expect(try await store.replay(replay.id).queued == 20)
    #expect(try await store.cancelReplay(replay.id).state == .cancelled)
    #expect(try await store.advanceReplays(now: now + .seconds(60), most: 100, slice: 10) == false)
    #expect(try await store.replay(replay.id).queued == 20)
    let second = try await store.createReplay(
      id: UUID().uuidString, account: "acme", webhook: webhook.id, selection(nil), rate: nil,
      expected: 30)
    try await store.delete(webhook.id)
    #expect(try await store.replay(second.id).state == .cancelled, "nobody is there to send to")
  }

  @Test(arguments: Engine.allCases) func aReplayLeavesRoomInTheBacklog(_ engine: Engine)
    async throws
  {
    let store = try open(engine)
    let webhook = try await store.create(draft())
    for number in 0..<9 {
      _ = try record(store, event: "evt_\(number)", webhook: webhook, [(1, .exhausted)])
    }
    let replay = try await store.createReplay(
      id: UUID().uuidString, account: "acme", webhook: webhook.id, selection(nil), rate: nil,
      expected: 9)
    while try await store.advanceReplays(now: .now(), most: 4, slice: 100) {}
    #expect(try await store.replay(replay.id).queued == 4)
    try store.removeWaiting(try store.waiting(for: webhook.key, now: .now(), limit: 4))
    while try await store.advanceReplays(now: .now(), most: 4, slice: 100) {}
    #expect(try await store.replay(replay.id).queued == 8)
  }

  @Test(arguments: Engine.allCases) func aQuestionThatLooksAtTooMuchIsRefused(_ engine: Engine)
    async throws
  {
    let store = try open(engine)
    let webhook = try await store.create(draft())
    for number in 0..<3000 {
      _ = try record(store, event: "evt_\(number)", webhook: webhook, [(1, .delivered)])
    }
    var filter = LogFilter()
    filter.eventName = "user.created"
    #expect(try await store.attempts(filter).isEmpty)
    filter.effort = QueryEffort(time: .seconds(2), rows: 1000)
    await #expect(throws: StoreError.tooMuchWork) { try await store.attempts(filter) }
    filter.effort = QueryEffort(time: .nanoseconds(1), rows: nil)
    await #expect(throws: StoreError.tooMuchWork) { try await store.attempts(filter) }
    filter.effort = .people
    #expect(try await store.attempts(filter).isEmpty, "the connection is as before")
  }

  private func selection(_ outcome: ReplaySelection.Outcome?) -> ReplaySelection {
    ReplaySelection(
      since: Timestamp(seconds: 0), until: .now() + .seconds(60), outcome: outcome, eventName: nil)
  }
}
