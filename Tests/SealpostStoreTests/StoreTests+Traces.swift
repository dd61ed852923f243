import SealpostCore
import SealpostStore
import Testing

extension StoreTests {
  /// The trace that an event came with goes with whatever comes of it later.
  @Test(arguments: Engine.allCases) func theTraceOfAnEventIsKept(_ engine: Engine) async throws {
    let store = try open(engine)
    let webhook = try await store.create(draft())
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    try Array("acme".utf8).withUnsafeBytes { account in
      try Array("evt_1".utf8).withUnsafeBytes { id in
        try Array(trace.utf8).withUnsafeBytes { traceparent in
          var batch = RecordBatch()
          batch.events = [
            EventRow(
              account: account, id: id, name: id, body: id, triggeredAt: .now(), receivedAt: .now(),
              traceparent: traceparent)
          ]
          var row = AttemptRow(
            event: 0, webhookKey: webhook.key, run: 0, number: 1, trigger: .event, url: "http://e",
            sentAt: .now(), firstAttemptAt: .now())
          row.outcome = .exhausted
          row.reason = .http(500)
          batch.attempts = [row]
          _ = try store.record([batch])
        }
      }
    }
    let attempt = try #require(try await store.attempts(LogFilter()).first)
    #expect(try await store.newRun(ofAttempt: attempt.id).traceparent == trace)
    let exhausted = try #require(try await store.backlog(states: [.exhausted], limit: 1).first)
    try await store.revive(exhausted.id)
    let waiting = try store.waiting(for: webhook.key, now: .now(), limit: 9)
    #expect(waiting.map(\.resend.traceparent) == [trace])
    try store.apply([
      HealthChange(webhookKey: webhook.key, kind: .exhausted, why: "", traceparent: trace),
      HealthChange(webhookKey: webhook.key, kind: .unhealthy, why: ""),
    ])
    #expect(try store.unpublishedNotices(limit: 9).map(\.traceparent) == [trace, nil])
  }

  @Test(arguments: Engine.allCases) func anEventWithoutATraceHasNone(_ engine: Engine) async throws
  {
    let store = try open(engine)
    let webhook = try await store.create(draft())
    _ = try record(store, webhook: webhook, [(1, .retry)], waitUntil: .now())
    let waiting = try store.waiting(for: webhook.key, now: .now(), limit: 9)
    #expect(waiting.map(\.resend.traceparent) == [nil])
  }
}
