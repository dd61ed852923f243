import Foundation
import GRDB
import SealpostCore
import SealpostSigning
import Testing

@testable import SealpostStore

/// What any store must do: on each engine, every test with a store of its own.
@Suite struct StoreTests {
  /// A folder that goes with the test.
  final class Folder: Sendable {
    let path = FileManager.default.temporaryDirectory.path + "/sealpost-store-\(UUID().uuidString)"

    init() throws {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  let folder: Folder
  let path: String
  let database = TestDatabase()
  var triggeredAt = Timestamp(seconds: 1_795_000_000)

  init() throws {
    folder = try Folder()
    path = folder.path + "/s.sqlite"
  }

  func openSQLite() throws -> SQLiteStore { try SQLiteStore.open(url: "sqlite:\(path)") }

  func openPostgres() throws -> PostgresStore {
    try PostgresStore.open(url: try database.url, secretKey: TestDatabase.secretKey)
  }

  func open(_ engine: Engine) throws -> any Store {
    switch engine {
    case .sqlite: try openSQLite()
    case .postgresql: try openPostgres()
    }
  }

  func draft(_ name: String = "n", token: String = "planted-token") throws -> WebhookDraft {
    WebhookDraft(
      account: "acme", name: name, url: try WebhookURL(parsing: "https://example.test/hook"),
      scheme: .hmacSHA256, token: WebhookToken(token), events: [.prefix("license."), .all],
      headers: [try WebhookHeader(name: "X-A", value: "b, \"c\"")])
  }

  /// Records attempts of one event.
  func record(
    _ store: any Store, event id: String = "evt_1", webhook: Webhook, run: Int = 0,
    _ attempts: [(number: Int, outcome: AttemptOutcome)], park: Bool = false,
    waitUntil dueAt: Timestamp? = nil, reason: String = "window_closed",
    trigger: AttemptTrigger = .event, isInBacklog: Bool = false
  ) throws -> [RecordVerdict] {
    var verdicts: [RecordVerdict] = []
    try Array("acme".utf8).withUnsafeBytes { account in
      try Array(id.utf8).withUnsafeBytes { id in
        try Array("license.created".utf8).withUnsafeBytes { name in
          var batch = RecordBatch()
          batch.events = [
            EventRow(
              account: account, id: id, name: name, body: name, triggeredAt: triggeredAt,
              receivedAt: .now())
          ]
          for (number, outcome) in attempts {
            var row = AttemptRow(
              event: 0, webhookKey: webhook.key, run: run, number: number, trigger: .event,
              url: "https://example.test/hook", sentAt: .now(), firstAttemptAt: .now())
            row.outcome = outcome
            row.reason = outcome == .delivered ? nil : .http(500)
            row.nextAttemptAt = outcome == .retry ? Timestamp(seconds: 42) : nil
            row.isInBacklog = isInBacklog
            batch.attempts.append(row)
          }
          if park {
            batch.backlog = [
              BacklogRow(
                event: 0, webhookKey: webhook.key, run: run, attempt: 1, firstAttemptAt: .now(),
                state: .parked, reason: "webhook_inactive")
            ]
          }
          if let dueAt {
            batch.backlog = [
              BacklogRow(
                event: 0, webhookKey: webhook.key, run: run, attempt: 1, firstAttemptAt: .now(),
                state: .waiting, reason: reason, trigger: trigger, dueAt: dueAt)
            ]
          }
          verdicts = try store.record([batch])[0]
        }
      }
    }
    return verdicts
  }

  func progress(
    _ store: any Store, event id: String = "evt_1", webhook: Webhook, attempt: Int
  ) throws -> DeliveryProgress {
    try Array("acme".utf8).withUnsafeBytes { account in
      try Array(id.utf8).withUnsafeBytes { id in
        try #require(
          try store.progress(of: [
            DeliveryQuery(
              account: account, eventID: id, triggeredAt: triggeredAt, webhookKey: webhook.key,
              run: 0, attempt: attempt)
          ]).first)
      }
    }
  }

  @Test(arguments: Engine.allCases) func givesBackWhatItKeeps(_ engine: Engine) async throws {
    let store = try open(engine)
    let made = try await store.create(draft())
    let read = try await store.webhook(made.id)
    #expect(
      read.name == "n" && read.account == "acme" && read.tokens == [WebhookToken("planted-token")])
    #expect(read.events == [.prefix("license."), .all])
    #expect(read.headers == [try WebhookHeader(name: "X-A", value: "b, \"c\"")])
    var change = WebhookChange()
    change.name = "other"
    change.isActive = false
    change.timeout = .milliseconds(2500)
    let changed = try await store.update(made.id, change)
    #expect(changed.name == "other" && !changed.isActive && changed.url == made.url)
    #expect(made.timeout == nil && changed.timeout == .milliseconds(2500))
    #expect(try await store.update(made.id, WebhookChange()).timeout == .milliseconds(2500))
    change.timeout = .some(nil)
    #expect(try await store.update(made.id, change).timeout == nil)
    #expect(changed.revision > made.revision)
    try await store.delete(made.id)
    await #expect(throws: StoreError.self) { try await store.webhook(made.id) }
    await #expect(throws: StoreError.self) { try await store.delete(made.id) }
  }

  @Test(arguments: Engine.allCases) func tellsWhatChangedSinceARevision(_ engine: Engine)
    async throws
  {
    let store = try open(engine)
    let other = try open(engine)
    #expect(try await store.directoryChange(since: 0)?.webhooks.isEmpty == true)
    let first = try await store.create(draft("first"))
    let second = try await other.create(draft("second"))
    let all = try #require(try await store.directoryChange(since: 0))
    #expect(Set(all.webhooks.map(\.id)) == [first.id, second.id])
    #expect(try await store.directoryChange(since: all.revision) == nil)
    try await other.delete(first.id)
    let change = try #require(try await store.directoryChange(since: all.revision))
    #expect(change.webhooks.isEmpty && change.deleted.map(\.id) == [first.id])
    #expect(change.deleted.map(\.key) == [first.key])
  }

  @Test(arguments: Engine.allCases) func concurrentWritersHaveRevisionsOfTheirOwn(_ engine: Engine)
    async throws
  {
    let stores = [try open(engine), try open(engine)]
    let revisions = try await withThrowingTaskGroup(of: Int64.self) { group in
      for number in 0..<40 {
        group.addTask { try await stores[number % 2].create(try draft("\(number)")).revision }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(revisions) == Set(1...40))
  }

  @Test(arguments: Engine.allCases) func anAttemptIsRecordedOnce(_ engine: Engine) async throws {
    let store = try open(engine)
    let webhook = try await store.create(draft())
    #expect(try record(store, webhook: webhook, [(1, .retry)]) == [.inserted])
    #expect(
      try record(store, webhook: webhook, [(1, .delivered), (2, .delivered), (2, .retry)])
        == [.duplicate, .inserted, .duplicate])
    #expect(try record(store, webhook: webhook, run: 1, [(1, .delivered)]) == [.inserted])
    #expect(try record(store, event: "evt_2", webhook: webhook, [(1, .delivered)]) == [.inserted])
    let rows = try await store.attempts(LogFilter())
    let ids = rows.map(\.id)
    #expect(ids.count == 4 && ids == ids.sorted(by: >))
    #expect(rows.map(\.outcome) == [.delivered, .delivered, .delivered, .retry])
    var filter = LogFilter()
    filter.outcome = .retry
    filter.event = "evt_1"
    filter.webhook = webhook.id
    #expect(try await store.attempts(filter).map(\.reason) == [.http(500)])
    filter = LogFilter()
    filter.after = ids[2]
    #expect(try await store.attempts(filter).map(\.id) == [ids[3]])
    filter.isAscending = true
    #expect(try await store.attempts(filter).map(\.id) == [ids[1], ids[0]])
  }

  @Test(arguments: Engine.allCases) func knowsHowFarADeliveryCame(_ engine: Engine) async throws {
    let store = try open(engine)
    let webhook = try await store.create(draft())
    #expect(try progress(store, webhook: webhook, attempt: 1) == .unknown)
    _ = try record(store, webhook: webhook, [(1, .retry)])
    #expect(
      try progress(store, webhook: webhook, attempt: 1)
        == .retryPending(dueAt: Timestamp(seconds: 42)))
    #expect(try progress(store, webhook: webhook, attempt: 2) == .unknown)
    _ = try record(store, webhook: webhook, [(2, .exhausted)])
    #expect(try progress(store, webhook: webhook, attempt: 1) == .superseded)
    #expect(try progress(store, webhook: webhook, attempt: 2) == .ended)
    _ = try record(store, event: "evt_2", webhook: webhook, [], park: true)
    #expect(try progress(store, event: "evt_2", webhook: webhook, attempt: 1) == .parked)
  }

  @Test(arguments: Engine.allCases) func anExhaustedDeliveryIsInTheBacklogUntilItIsTakenOut(
    _ engine: Engine
  ) async throws {
    let store = try open(engine)
    let webhook = try await store.create(draft())
    _ = try record(store, webhook: webhook, [(13, .exhausted)])
    _ = try record(store, webhook: webhook, [(13, .exhausted)])
    let rows = try await store.backlog(states: [.exhausted], limit: 10)
    #expect(rows.map(\.attempt) == [13] && rows.map(\.reason) == ["http_500"])
    #expect(try await store.backlog(states: [.parked], limit: 10).isEmpty)
    try await store.revive(rows[0].id)
    let revived = try #require(try store.waiting(for: webhook.key, now: .now(), limit: 9).first)
    #expect(revived.resend.run == 1 && revived.attempt == 1 && revived.resend.eventID == "evt_1")
    #expect(String(decoding: revived.resend.body, as: UTF8.self) == "license.created")
    #expect(try await store.newRun(ofAttempt: 1).run == 2)
    try await store.removeBacklog(rows[0].id)
    await #expect(throws: StoreError.self) { try await store.removeBacklog(rows[0].id) }
  }

  @Test(arguments: Engine.allCases) func theEndOfARequestTakesItsDeliveryOutOfTheBacklog(
    _ engine: Engine
  ) async throws {
    let store = try open(engine)
    let webhook = try await store.create(draft())
    func states() async throws -> [BacklogState] {
      try await store.backlog(states: [.waiting, .exhausted], limit: 10).map(\.state)
    }
    _ = try record(store, webhook: webhook, [], waitUntil: .now())
    #expect(try await states() == [.waiting])
    _ = try record(store, webhook: webhook, [(1, .retry)], isInBacklog: true)
    #expect(try await states() == [.waiting], "its next attempt waits there")
    _ = try record(store, webhook: webhook, [(2, .delivered)], isInBacklog: true)
    #expect(try await states().isEmpty)
    // Both in one batch.
    _ = try record(
      store, event: "evt_2", webhook: webhook, [(1, .delivered)], waitUntil: .now(),
      isInBacklog: true)
    #expect(try await states().isEmpty)
    _ = try record(
      store, event: "evt_3", webhook: webhook, [(1, .exhausted)], waitUntil: .now(),
      isInBacklog: true)
    #expect(try await states() == [.exhausted])
  }

  @Test(arguments: Engine.allCases) func aBatchThatFailsLeavesNothing(_ engine: Engine) async throws
  {
    let store = try open(engine)
    let webhook = try await store.create(draft())
    if let store = store as? SQLiteStore {
      try await store.write {
        try $0.execute(
          sql:
            "CREATE TRIGGER t BEFORE INSERT ON attempts WHEN new.number = 3 BEGIN SELECT raise(ABORT, 'no'); END"
        )
      }
    } else {
      try database.query("ALTER TABLE attempts ADD CONSTRAINT no CHECK (number <> 3)")
    }
    #expect(throws: StoreError.self) {
      try record(store, webhook: webhook, [(1, .retry), (2, .retry), (3, .retry)])
    }
    #expect(try await store.attempts(LogFilter()).isEmpty)
    #expect(try record(store, webhook: webhook, [(1, .retry)]) == [.inserted])
  }

  @Test(arguments: Engine.allCases) func eventsOfOneHashAreKeptApart(_ engine: Engine) async throws
  {
    let same = EventHash { _, _, _ in 7 }
    let store: any Store =
      switch engine {
      case .sqlite: try SQLiteStore(path: path, secretKey: nil, eventHash: same)
      case .postgresql:
        try PostgresStore.open(
          url: try database.url, secretKey: TestDatabase.secretKey, eventHash: same)
      }
    let webhook = try await store.create(draft())
    #expect(try record(store, event: "evt_1", webhook: webhook, [(1, .delivered)]) == [.inserted])
    #expect(try record(store, event: "evt_2", webhook: webhook, [(1, .delivered)]) == [.inserted])
    #expect(try record(store, event: "evt_1", webhook: webhook, [(1, .delivered)]) == [.duplicate])
  }

  @Test(arguments: Engine.allCases) func whatWaitsLeavesUnlessItCameBack(_ engine: Engine)
    async throws
  {
    let store = try open(engine)
    let webhook = try await store.create(draft())
    let now = Timestamp.now()
    _ = try record(store, event: "late", webhook: webhook, [], waitUntil: now + .seconds(60))
    #expect(try store.waitingWebhooks(now: now).isEmpty)
    for event in ["b", "a", "c"] {
      _ = try record(store, event: event, webhook: webhook, [], waitUntil: now)
    }
    #expect(try progress(store, event: "a", webhook: webhook, attempt: 1) == .waiting)
    let found = try #require(try store.waitingWebhooks(now: now).first)
    #expect(found.key == webhook.key && found.newest == 4)
    let rows = try store.waiting(for: webhook.key, now: now, limit: 2)
    #expect(rows.map(\.resend.eventID) == ["b", "a"])
    #expect(rows.map(\.resend.trigger) == [.event, .event])
    // A replay whose webhook's window closed meanwhile comes back as one.
    let later = now + .seconds(120)
    _ = try record(
      store, event: "again", webhook: webhook, run: 1, [], waitUntil: later, trigger: .replay)
    #expect(
      try store.waiting(for: webhook.key, now: later, limit: 9).last?.resend.trigger == .replay)
    #expect(rows[0].resend.webhookID == webhook.id && rows[0].attempt == 1)
    // One of them comes back before its row is taken out: it must stay.
    _ = try record(store, event: "b", webhook: webhook, [], waitUntil: now)
    try store.removeWaiting(rows)
    #expect(
      try store.waiting(for: webhook.key, now: now, limit: 9).map(\.resend.eventID) == ["b", "c"])
    // One whose webhook was switched off meanwhile stays too, as parked.
    let again = try store.waiting(for: webhook.key, now: now, limit: 9)
    _ = try record(store, event: "c", webhook: webhook, [], park: true)
    try store.removeWaiting(again)
    #expect(try await store.backlog(states: [.parked], limit: 9).map(\.eventID) == ["c"])
    #expect(try store.waiting(for: webhook.key, now: now, limit: 9).isEmpty)
  }

  @Test(arguments: Engine.allCases) func whatTheLadderRefusedSaysNothingAboutItsWebhook(
    _ engine: Engine
  ) async throws {
    let store = try open(engine)
    let webhook = try await store.create(draft())
    let now = Timestamp.now()
    _ = try record(store, event: "a", webhook: webhook, [], waitUntil: now)
    let before = try #require(try store.waitingWebhooks(now: now).first)
    _ = try record(
      store, event: "b", webhook: webhook, [], waitUntil: now, reason: "ladder_refused")
    #expect(try store.waitingWebhooks(now: now).first?.newest == 0)
    _ = try record(store, event: "c", webhook: webhook, [], waitUntil: now)
    #expect(try #require(try store.waitingWebhooks(now: now).first).newest > before.newest)
    #expect(try store.waiting(for: webhook.key, now: now, limit: 9).count == 3)
  }

  @Test(arguments: Engine.allCases) func nothingLeavesForAPausedWebhookOrWhileAllIsPaused(
    _ engine: Engine
  ) async throws {
    let store = try open(engine)
    let webhook = try await store.create(draft())
    _ = try record(store, webhook: webhook, [], waitUntil: .now())
    var change = WebhookChange()
    change.isPaused = true
    #expect(try await store.update(webhook.id, change).status == "paused")
    #expect(try store.waitingWebhooks(now: .now()).isEmpty)
    change.isPaused = false
    _ = try await store.update(webhook.id, change)
    #expect(try store.waitingWebhooks(now: .now()).count == 1)
    let before = try #require(try await store.directoryChange(since: 0))
    try await store.setPaused(true)
    #expect(try store.waitingWebhooks(now: .now()).isEmpty)
    #expect(try await store.directoryChange(since: before.revision)?.isPaused == true)
  }

  @Test(arguments: Engine.allCases) func whatWaitsForAPausedWebhookLeavesOnceItIsRemoved(
    _ engine: Engine
  ) async throws {
    let store = try open(engine)
    let webhook = try await store.create(draft())
    _ = try record(store, webhook: webhook, [], waitUntil: .now())
    var change = WebhookChange()
    change.isPaused = true
    _ = try await store.update(webhook.id, change)
    #expect(try store.waitingWebhooks(now: .now()).isEmpty)
    try await store.delete(webhook.id)
    #expect(try store.waitingWebhooks(now: .now()).map(\.key) == [webhook.key])
    let rows = try store.waiting(for: webhook.key, now: .now(), limit: 9)
    #expect(rows.map(\.resend.webhookID) == [webhook.id])
    try store.removeWaiting(rows)
    #expect(try store.waitingWebhooks(now: .now()).isEmpty)
  }

  @Test(arguments: Engine.allCases) func whatWaitedForTooLongOrIsTooMuchExpiresIntoTheLog(
    _ engine: Engine
  ) async throws {
    let store = try open(engine)
    let webhook = try await store.create(draft())
    for event in ["a", "b", "c", "d"] {
      _ = try record(store, event: event, webhook: webhook, [], waitUntil: .now())
    }
    let long = Timestamp(seconds: 0)
    #expect(
      try store.expire(waitingBefore: long, parkedBefore: long, mostOfWebhook: 3, slice: 100) == 1)
    #expect(
      try store.expire(
        waitingBefore: .now(), parkedBefore: long, mostOfWebhook: 100, slice: 2) == 2)
    #expect(try await store.backlog(states: [.waiting], limit: 9).map(\.eventID) == ["d"])
    let rows = try await store.attempts(LogFilter())
    #expect(rows.map(\.eventID) == ["c", "b", "a"] && rows.allSatisfy { $0.outcome == .expired })
  }

  @Test(arguments: Engine.allCases) func oneOfTwoWorkersThatSeeTheSameChangeMakesItAndTellsIt(
    _ engine: Engine
  ) async throws {
    let store = try open(engine)
    let other = try open(engine)
    let webhook = try await store.create(draft())
    let change = HealthChange(webhookKey: webhook.key, kind: .unhealthy, why: "It failed.")
    try store.apply([change])
    try other.apply([change])
    let notices = try store.unpublishedNotices(limit: 9)
    #expect(notices.map(\.kind) == [.unhealthy] && notices[0].account == "acme")
    let body = try JSONDecoder().decode([String: AnyDecodable].self, from: Data(notices[0].body))
    #expect(body.keys.sorted() == ["data", "event", "triggeredAt"])
    #expect(try await store.webhook(webhook.id).health == .unhealthy)
    try store.notePublished(notices.map(\.id))
    try store.apply([HealthChange(webhookKey: webhook.key, kind: .recovered, why: "")])
    try store.apply([change])
    #expect(
      try store.unpublishedNotices(limit: 9).map(\.kind) == [.recovered],
      "a second notice of a kind within the hour is left out")
    try store.apply([HealthChange(webhookKey: webhook.key, kind: .gone, why: "")])
    #expect(try await !store.webhook(webhook.id).isActive)
  }

  /// Anything.
  private struct AnyDecodable: Decodable { init(from decoder: any Decoder) throws {} }

  @Test(arguments: Engine.allCases) func suspectsAreRemembered(_ engine: Engine) throws {
    let store = try open(engine)
    func begin(_ keys: [String], _ worker: String, alone: Bool = false) throws -> [SuspectVerdict] {
      try store.beginSuspects(keys, worker: worker, isAlone: alone)
    }
    #expect(try begin(["m", "n", "m"], "a") == [.taken, .taken, .taken])
    #expect(try begin(["m"], "a") == [.taken])
    #expect(
      try begin(["o", "m"], "b") == [.taken, .mustBeAlone], "a worker died with it among others")
    #expect(try begin(["m"], "c") == [.mustBeAlone], "asking takes nothing over")
    #expect(try begin(["m"], "b", alone: true) == [.taken])
    #expect(try begin(["m"], "b", alone: true) == [.taken])
    #expect(try begin(["m"], "c") == [.leftBehind(worker: "b")])
    #expect(
      try begin(["m", "n"], "c", alone: true) == [.leftBehind(worker: "b"), .taken],
      "what killed a worker alone is not tried again")
    #expect(try begin(["n"], "c") == [.taken])
    #expect(try begin(["n"], "d") == [.leftBehind(worker: "c")], "its own note says alone still")
    try store.endSuspects(["m", "n"])
    #expect(try begin(["m", "n", "o"], "d") == [.taken, .taken, .mustBeAlone])
  }

  @Test(arguments: Engine.allCases) func rejectedMessagesAreKeptWithTheirBytes(_ engine: Engine)
    async throws
  {
    let store = try open(engine)
    try Array("{\u{0}".utf8).withUnsafeBytes { body in
      try store.keepRejected([
        RejectedDraft(
          reason: "not_json", detail: "d", messageID: nil, body: body, receivedAt: .now())
      ])
    }
    let row = try #require(try await store.rejected(account: nil, before: nil, limit: 10).first)
    #expect(row.body == Array("{\u{0}".utf8) && row.reason == "not_json" && row.messageID == nil)
    try await store.removeRejected(row.id)
    #expect(try await store.rejected(account: nil, before: nil, limit: 10).isEmpty)
  }

  @Test(arguments: Engine.allCases) func pruningKeepsWhatTheBacklogNeeds(_ engine: Engine)
    async throws
  {
    let store = try open(engine)
    let webhook = try await store.create(draft())
    for number in 0..<20 {
      _ = try record(store, event: "evt_\(number)", webhook: webhook, [(1, .delivered)])
    }
    _ = try record(store, event: "evt_dead", webhook: webhook, [(13, .exhausted)])
    #expect(try await store.prune(olderThan: Timestamp(seconds: 0), slice: 100) == 0)
    while try await store.prune(olderThan: .now(), slice: 7) >= 7 {}
    #expect(try await store.attempts(LogFilter()).isEmpty)
    let left = try await store.backlog(states: [.exhausted, .parked], limit: 10)
    #expect(left.map(\.eventID) == ["evt_dead"])
    try await store.revive(left[0].id)
    #expect(
      try await store.backlog(states: [.waiting], limit: 10).map(\.eventID) == ["evt_dead"])
  }
}

extension Store {
  func backlog(states: [BacklogState], limit: Int) async throws -> [BacklogEntry] {
    var filter = BacklogFilter()
    filter.states = states
    filter.limit = limit
    return try await backlog(filter)
  }
}
