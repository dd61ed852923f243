import SealpostCore
import SealpostStore
import Testing

@testable import SealpostWorker

@Suite struct DrainPaceTests {
  private static let second: Int64 = 1_000_000_000

  @Test func speedsUpWhileNothingComesBackAndBeginsAnewWhenSomethingDoes() {
    var pace = DrainPace()
    #expect(pace.rows(newest: 100, now: 0) == 1)
    #expect(pace.rows(newest: 100, now: 4 * Self.second) == nil)
    #expect(pace.rows(newest: 100, now: 5 * Self.second) == 4)
    #expect(pace.rows(newest: 100, now: 6 * Self.second) == 16)
    #expect(pace.rows(newest: 101, now: 7 * Self.second) == 1)
    #expect(pace.rows(newest: 101, now: 16 * Self.second) == nil)
    #expect(pace.rows(newest: 102, now: 17 * Self.second) == 1)
    #expect(pace.rows(newest: 102, now: 36 * Self.second) == nil)
    var now = 37 * Self.second
    var batches: [Int] = []
    for _ in 0..<8 {
      batches.append(pace.rows(newest: 102, now: now) ?? 0)
      now += Self.second
    }
    #expect(batches == [4, 16, 64, 256, 1024, 2000, 2000, 2000])
  }
}

@Suite struct HealthTrackerTests {
  private var event: EventRow {
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    return EventRow(
      account: nothing, id: nothing, name: nothing, body: nothing,
      triggeredAt: Timestamp(seconds: 999), receivedAt: Timestamp(seconds: 999))
  }

  private func row(_ outcome: AttemptOutcome, webhook: Int64 = 1, notice: Bool = false)
    -> AttemptRow
  {
    var row = AttemptRow(
      event: 0, webhookKey: webhook, run: 0, number: 1, trigger: .event, url: "",
      sentAt: Timestamp(seconds: 1000), firstAttemptAt: Timestamp(seconds: 1000))
    row.outcome = outcome
    row.reason = .http(500)
    row.countsForHealth = !notice
    return row
  }

  @Test func tellsOnceThatAWebhookIsUnhealthyAndWhenItIsWellAgain() {
    var tracker = HealthTracker(policy: .default)
    for _ in 0..<20 { tracker.note(row(.retry), of: event) }
    #expect(tracker.takeChanges().map(\.kind) == [.unhealthy])
    var success = row(.delivered)
    success.wasUnwell = true
    tracker.note(success, of: event)
    #expect(tracker.takeChanges().map(\.kind) == [.recovered])
    for _ in 0..<4 { tracker.note(row(.retry), of: event) }
    tracker.note(row(.delivered), of: event)
    for _ in 0..<4 { tracker.note(row(.retry), of: event) }
    #expect(tracker.takeChanges().isEmpty)
  }

  @Test func noticesSayNothingAboutHealth() {
    var tracker = HealthTracker(policy: .default)
    for _ in 0..<20 { tracker.note(row(.retry, notice: true), of: event) }
    tracker.note(row(.exhausted, notice: true), of: event)
    #expect(tracker.takeChanges().isEmpty)
  }

  @Test func aReceiverThatIsGoneAndAnExhaustedDeliveryAreTold() {
    var tracker = HealthTracker(policy: .default)
    tracker.note(row(.gone, webhook: 7), of: event)
    tracker.note(row(.exhausted, webhook: 8), of: event)
    #expect(tracker.takeChanges().map(\.kind) == [.gone, .exhausted])
  }
}
