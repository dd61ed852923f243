import SealpostCore
import SealpostStore
import Testing

/// Batches go into the log as a whole, and come out of it row by row.
extension StoreTests {
  /// Calls `body` with an event for each identity, one account's and of one moment.
  private func withEvents<T>(_ ids: [String], _ body: ([EventRow]) throws -> T) rethrows -> T {
    let texts = (["acme"] + ids).map { text in
      let memory = UnsafeMutableRawBufferPointer.allocate(
        byteCount: text.utf8.count, alignment: 1)
      memory.copyBytes(from: text.utf8)
      return UnsafeRawBufferPointer(memory)
    }
    defer { for text in texts { text.deallocate() } }
    return try body(
      texts.dropFirst().map {
        EventRow(
          account: texts[0], id: $0, name: $0, body: $0, triggeredAt: triggeredAt,
          receivedAt: triggeredAt)
      })
  }

  private func attempt(event: Int, _ webhook: Webhook, number: Int = 1) -> AttemptRow {
    AttemptRow(
      event: event, webhookKey: webhook.key, run: 0, number: number, trigger: .event,
      url: webhook.url.text, sentAt: triggeredAt, firstAttemptAt: triggeredAt)
  }

  @Test(arguments: Engine.allCases) func anEventMayBeInABatchTwice(_ engine: Engine) async throws {
    let store = try open(engine)
    let (one, other) = (try await store.create(draft("a")), try await store.create(draft("b")))
    _ = try record(store, event: "evt_known", webhook: one, [(1, .delivered)])
    let verdicts = try withEvents(["evt_a", "evt_known", "evt_a", "evt_b", "evt_a"]) { events in
      var first = RecordBatch()
      first.events = Array(events.prefix(4))
      first.attempts = [
        attempt(event: 0, one), attempt(event: 1, one), attempt(event: 1, other),
        attempt(event: 2, one), attempt(event: 2, other), attempt(event: 3, one),
      ]
      var second = RecordBatch()
      second.events = [events[4]]
      second.attempts = [attempt(event: 0, other), attempt(event: 0, other, number: 2)]
      return try store.record([first, second])
    }
    #expect(
      verdicts == [
        [.inserted, .duplicate, .inserted, .duplicate, .inserted, .inserted],
        [.duplicate, .inserted],
      ])
    var filter = LogFilter()
    filter.webhook = one.id
    filter.isAscending = true
    #expect(
      try await store.attempts(filter).map(\.eventID) == ["evt_known", "evt_a", "evt_b"])
    filter.webhook = other.id
    #expect(try await store.attempts(filter).map(\.number) == [1, 1, 2])
    filter.webhook = nil
    filter.event = "evt_a"
    #expect(try await store.attempts(filter).count == 3, "it is one event")
  }

  @Test(arguments: Engine.allCases) func everyColumnOfABatchComesBack(_ engine: Engine) async throws
  {
    let store = try open(engine)
    let webhook = try await store.create(draft())
    let ids = ["evt_plain", "evt_failed", "evt_blocked"]
    let verdicts = try withEvents(ids) { events in
      var batch = RecordBatch()
      batch.events = events
      var plain = attempt(event: 0, webhook)
      plain.receivedAt = triggeredAt + .milliseconds(3)
      plain.timings = AttemptTimings(firstByte: 2000, total: 3000)
      plain.remoteAddress = "127.0.0.1"
      plain.status = 204
      var failed = attempt(event: 1, webhook, number: 7)
      failed.receivedAt = triggeredAt + .seconds(1)
      failed.timings = AttemptTimings(
        dns: 1, connect: 2, tls: 3, firstByte: 4, total: 1_000_000)
      failed.remoteAddress = "2001:db8:1111:2222:3333:4444:5555:6666"
      failed.status = 503
      failed.outcome = .retry
      failed.reason = .http(503)
      failed.nextAttemptAt = triggeredAt + .seconds(30)
      failed.response = ResponseExcerpt(headers: Array("A: b\r\n".utf8), body: [])
      var blocked = attempt(event: 2, webhook)
      blocked.outcome = .blocked
      blocked.reason = .blockedAddress
      batch.attempts = [plain, failed, blocked]
      return try store.record([batch])
    }
    #expect(verdicts == [[.inserted, .inserted, .inserted]])
    var filter = LogFilter()
    filter.isAscending = true
    let rows = try await store.attempts(filter)
    #expect(rows.map(\.eventID) == ids && rows.map(\.eventName) == ids)
    #expect(rows.map(\.number) == [1, 7, 1] && rows.map(\.status) == [204, 503, 0])
    #expect(rows.map(\.outcome) == [.delivered, .retry, .blocked])
    #expect(rows.map(\.reason) == [nil, .http(503), .blockedAddress])
    #expect(rows.allSatisfy { $0.url == webhook.url.text && $0.sentAt == triggeredAt })
    #expect(
      rows.map(\.receivedAt) == [
        triggeredAt + .milliseconds(3), triggeredAt + .seconds(1), nil,
      ])
    #expect(
      rows.map(\.timings) == [
        AttemptTimings(firstByte: 2000, total: 3000),
        AttemptTimings(dns: 1, connect: 2, tls: 3, firstByte: 4, total: 1_000_000),
        AttemptTimings(),
      ])
    #expect(
      rows.map(\.remoteAddress) == ["127.0.0.1", "2001:db8:1111:2222:3333:4444:5555:6666", nil])
    #expect(rows.map(\.nextAttemptAt) == [nil, triggeredAt + .seconds(30), nil])
    #expect(rows.map(\.response?.headers) == [nil, Array("A: b\r\n".utf8), nil])
    #expect(rows[1].response?.body.isEmpty == true)
  }
}
