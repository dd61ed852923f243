import Foundation
import GRDB
import SealpostCore
import SealpostSigning
import Testing

@testable import SealpostStore

/// What any store must do, on files of their own.
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
  let triggeredAt = Timestamp(seconds: 1_795_000_000)

  init() throws {
    folder = try Folder()
    path = folder.path + "/s.sqlite"
  }

  func open() throws -> SQLiteStore { try SQLiteStore.open(url: "sqlite:\(path)") }

  func draft(_ name: String = "n", token: String = "planted-token") throws -> WebhookDraft {
    WebhookDraft(
      account: "acme", name: name, url: try WebhookURL(parsing: "https://example.test/hook"),
      scheme: .hmacSHA256, token: WebhookToken(token), events: [.prefix("license."), .all],
      headers: [try WebhookHeader(name: "X-A", value: "b, \"c\"")])
  }

  /// Records attempts of one event.
  func record(
    _ store: SQLiteStore, event id: String = "evt_1", webhook: Webhook, run: Int = 0,
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
    _ store: SQLiteStore, event id: String = "evt_1", webhook: Webhook, attempt: Int
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

  @Test func givesBackWhatItKeeps() async throws {
    let store = try open()
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

  @Test func tellsWhatChangedSinceARevision() async throws {
    let store = try open()
    let other = try open()
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

  @Test func concurrentWritersHaveRevisionsOfTheirOwn() async throws {
    let stores = [try open(), try open()]
    let revisions = try await withThrowingTaskGroup(of: Int64.self) { group in
      for number in 0..<40 {
        group.addTask { try await stores[number % 2].create(try draft("\(number)")).revision }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(revisions) == Set(1...40))
  }

  @Test func anAttemptIsRecordedOnce() async throws {
    let store = try open()
    let webhook = try await store.create(draft())
    #expect(try record(store, webhook: webhook, [(1, .retry)]) == [.inserted])
    #expect(
      try record(store, webhook: webhook, [(1, .delivered), (2, .delivered), (2, .retry)])
        == [.duplicate, .inserted, .duplicate])
    #expect(try record(store, webhook: webhook, run: 1, [(1, .delivered)]) == [.inserted])
    #expect(try record(store, event: "evt_2", webhook: webhook, [(1, .delivered)]) == [.inserted])
    let rows = try await store.attempts(LogFilter())
    #expect(rows.map(\.id) == [4, 3, 2, 1])
    #expect(rows.map(\.outcome) == [.delivered, .delivered, .delivered, .retry])
    var filter = LogFilter()
    filter.outcome = .retry
    filter.event = "evt_1"
    filter.webhook = webhook.id
    #expect(try await store.attempts(filter).map(\.reason) == [.http(500)])
    filter = LogFilter()
    filter.after = 2
    #expect(try await store.attempts(filter).map(\.id) == [1])
    filter.isAscending = true
    #expect(try await store.attempts(filter).map(\.id) == [3, 4])
  }

  @Test func knowsHowFarADeliveryCame() async throws {
    let store = try open()
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

  @Test func theNumberOfAnEventRisesWithItsTimeAndEndsWithItsIdentity() {
    func number(_ id: String, _ seconds: Int64) -> Int64 {
      Array("acme".utf8).withUnsafeBytes { account in
        Array(id.utf8).withUnsafeBytes {
          EventHash.standard.make(account, $0, Timestamp(seconds: seconds))
        }
      }
    }
    let ids = (0..<1000).map { "evt_\($0)" }
    #expect(ids.map { number($0, 1_000) }.max() ?? 0 < ids.map { number($0, 1_001) }.min() ?? 0)
    #expect(Set(ids.map { number($0, 1_000) }).count == 1000)
    #expect(
      number("evt_1", 7) & EventHash.identityMask == number("evt_1", 9) & EventHash.identityMask)
  }

  @Test func anExhaustedDeliveryIsInTheBacklogUntilItIsTakenOut() async throws {
    let store = try open()
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

  @Test func theEndOfARequestTakesItsDeliveryOutOfTheBacklog() async throws {
    let store = try open()
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

  @Test func aBatchThatFailsLeavesNothing() async throws {
    let store = try open()
    let webhook = try await store.create(draft())
    try await store.write {
      try $0.execute(
        sql:
          "CREATE TRIGGER t BEFORE INSERT ON attempts WHEN new.number = 3 BEGIN SELECT raise(ABORT, 'no'); END"
      )
    }
    #expect(throws: StoreError.failed("no")) {
      try record(store, webhook: webhook, [(1, .retry), (2, .retry), (3, .retry)])
    }
    #expect(try await store.attempts(LogFilter()).isEmpty)
    #expect(try record(store, webhook: webhook, [(1, .retry)]) == [.inserted])
  }

  @Test func eventsOfOneHashAreKeptApart() async throws {
    let store = try SQLiteStore(
      path: path, secretKey: nil, eventHash: EventHash { _, _, _ in 7 })
    let webhook = try await store.create(draft())
    #expect(try record(store, event: "evt_1", webhook: webhook, [(1, .delivered)]) == [.inserted])
    #expect(try record(store, event: "evt_2", webhook: webhook, [(1, .delivered)]) == [.inserted])
    #expect(try record(store, event: "evt_1", webhook: webhook, [(1, .delivered)]) == [.duplicate])
  }

  @Test func theRowsOfAWebhookAreFoundAcrossTheWholeLog() async throws {
    let store = try open()
    let mine = try await store.create(draft("mine"))
    let other = try await store.create(draft("other"))
    // Rows far apart, as in a log of millions, and at the ends of its spans of 1,024.
    for (number, id) in [1, 65_535, 65_536, 400_000, 400_001, 2_000_000].enumerated() {
      _ = try record(
        store, event: "evt_\(number)", webhook: id == 400_000 ? other : mine, [(1, .delivered)])
      try await store.pool.write { database in
        try database.execute(
          sql: "UPDATE attempts SET id = ? WHERE id = (SELECT max(id) FROM attempts)",
          arguments: [id])
        try database.execute(
          sql: "INSERT OR IGNORE INTO attempt_spans SELECT id >> 10, webhook FROM attempts")
      }
    }
    var filter = LogFilter()
    filter.webhook = mine.id
    #expect(try await store.attempts(filter).map(\.id) == [2_000_000, 400_001, 65_536, 65_535, 1])
    filter.limit = 3
    #expect(try await store.attempts(filter).map(\.id) == [2_000_000, 400_001, 65_536])
    filter.after = 400_001
    #expect(try await store.attempts(filter).map(\.id) == [65_536, 65_535, 1])
    filter.isAscending = true
    filter.after = 1
    #expect(try await store.attempts(filter).map(\.id) == [65_535, 65_536, 400_001])
    filter.after = 2_000_000
    #expect(try await store.attempts(filter).isEmpty)
    var account = LogFilter()
    account.account = "acme"
    #expect(try await store.attempts(account).count == 6)
    account.account = "other"
    #expect(try await store.attempts(account).isEmpty)
  }

  @Test func theLogKnowsInWhichOfItsSpansAWebhookHasRows() async throws {
    let store = try open()
    let mine = try await store.create(draft("mine"))
    let other = try await store.create(draft("other"))
    func spans() async throws -> [[Int64]] {
      try await store.pool.read { database in
        try Row.fetchAll(database, sql: "SELECT span, webhook FROM attempt_spans").map {
          [$0[0], $0[1]]
        }
      }
    }
    for number in 0..<3 {
      _ = try record(store, event: "evt_\(number)", webhook: mine, [(1, .delivered)])
    }
    #expect(try await spans() == [[0, mine.key]])
    // The next row is the first of another span.
    try await store.pool.write {
      try $0.execute(sql: "UPDATE attempts SET id = 1023 WHERE id = 3")
    }
    _ = try record(store, event: "evt_3", webhook: other, [(1, .delivered), (2, .delivered)])
    #expect(try await spans() == [[0, mine.key], [1, other.key]])
    var filter = LogFilter()
    filter.webhook = other.id
    #expect(try await store.attempts(filter).map(\.id) == [1025, 1024])
    let future = Timestamp.now() + .seconds(3600)
    _ = try await store.prune(olderThan: future, slice: 4)
    #expect(try await spans() == [[1, other.key]])
  }

  @Test func whatWaitsLeavesUnlessItCameBack() async throws {
    let store = try open()
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

  @Test func whatTheLadderRefusedSaysNothingAboutItsWebhook() async throws {
    let store = try open()
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

  @Test func nothingLeavesForAPausedWebhookOrWhileAllIsPaused() async throws {
    let store = try open()
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

  @Test func whatWaitedForTooLongOrIsTooMuchExpiresIntoTheLog() async throws {
    let store = try open()
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

  @Test func aLeaseIsHeldByOneUntilItEnds() throws {
    let store = try open()
    let other = try open()
    #expect(try store.takeLease("backlog", owner: "one", for: .seconds(10)))
    #expect(try store.takeLease("backlog", owner: "one", for: .milliseconds(-1)))
    #expect(try other.takeLease("backlog", owner: "two", for: .seconds(10)))
    #expect(try !store.takeLease("backlog", owner: "one", for: .seconds(10)))
    #expect(try store.takeLease("other", owner: "one", for: .seconds(10)))
  }

  @Test func oneOfTwoWorkersThatSeeTheSameChangeMakesItAndTellsIt() async throws {
    let store = try open()
    let other = try open()
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

  @Test func tokensAreSealedAndOtherKeysLeaveWebhooksWithoutThem() async throws {
    let made = try await open().create(draft())
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      let bytes = try Data(
        contentsOf: URL(fileURLWithPath: "\(folder.path)/\(file)"))
      #expect(bytes.range(of: Data("planted-token".utf8)) == nil, "\(file)")
    }
    let attributes = try FileManager.default.attributesOfItem(atPath: path + ".key")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    let key = Data(RandomBytes.make(32)).base64EncodedString()
    let other = try SQLiteStore.open(url: "sqlite:\(path)", secretKey: SecretBytes(key.utf8))
    #expect(try await other.webhook(made.id).tokens.isEmpty)
    #expect(try await open().webhook(made.id).tokens == [WebhookToken("planted-token")])
  }

  @Test func aClientCertificateIsKeptItsKeySealedForItsOwnWebhook() async throws {
    let store = try open()
    var draft = try draft()
    draft.clientCertificate = ClientCertificate(
      chain: "a chain", privateKey: "planted-key", subject: "CN=a",
      expiresAt: Timestamp(seconds: 1_900_000_000))
    let made = try await store.create(draft)
    #expect(made.clientCertificate == draft.clientCertificate && made.hasReadableSecrets)
    #expect(try await store.update(made.id, WebhookChange()).clientCertificate != nil)
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(file)"))
      #expect(bytes.range(of: Data("planted-key".utf8)) == nil, "\(file)")
    }
    // In another webhook's row the key does not open.
    let other = try await store.create(self.draft("other"))
    try await store.pool.write {
      try $0.execute(
        sql: """
          UPDATE webhooks SET (client_chain, client_key, client_subject, client_expires_at) =
            (SELECT client_chain, client_key, client_subject, client_expires_at FROM webhooks
             WHERE client_key IS NOT NULL)
          """)
    }
    let moved = try await store.webhook(other.id)
    #expect(moved.clientCertificate?.subject == "CN=a" && !moved.hasReadableSecrets)
    var change = WebhookChange()
    change.clientCertificate = .some(nil)
    let without = try await store.update(other.id, change)
    #expect(without.clientCertificate == nil && without.hasReadableSecrets)
    try await store.delete(made.id)
    let left = try await store.pool.read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM webhooks WHERE client_key IS NOT NULL")
    }
    #expect(left == 0)
  }

  @Test func suspectsAreRemembered() throws {
    let store = try open()
    #expect(try store.beginSuspect(messageKey: "m", worker: "a") == .taken)
    #expect(try store.beginSuspect(messageKey: "m", worker: "a") == .taken)
    #expect(try store.beginSuspect(messageKey: "m", worker: "b") == .leftBehind(worker: "a"))
    try store.endSuspect(messageKey: "m")
    #expect(try store.beginSuspect(messageKey: "m", worker: "b") == .taken)
  }

  @Test func rejectedMessagesAreKeptWithTheirBytes() async throws {
    let store = try open()
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

  @Test func pruningKeepsWhatTheBacklogNeeds() async throws {
    let store = try open()
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

  @Test func saysWhatIsWrongWithAStore() async throws {
    #expect(throws: StoreError.badURL("mysql:x")) { try SQLiteStore.open(url: "mysql:x") }
    do throws(StoreError) {
      _ = try SQLiteStore.open(url: "sqlite:\(folder.path)/no/folder/s.sqlite")
      Issue.record("a file in no folder opens")
    } catch {
      #expect(error.sentence.contains("/no/folder/s.sqlite cannot be written"))
    }
    try Data(repeating: 65, count: 8192).write(
      to: URL(fileURLWithPath: "\(folder.path)/text"))
    #expect(throws: StoreError.notADatabase(path: folder.path + "/text")) {
      try SQLiteStore.open(url: "sqlite:\(folder.path)/text")
    }
    #expect(throws: StoreError.self) {
      try SQLiteStore.open(url: "sqlite:\(path)", secretKey: SecretBytes("short".utf8))
    }
    let store = try open()
    try await store.write {
      try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99-from-the-future')")
    }
    #expect(throws: StoreError.newerSchema(["99-from-the-future"])) { try open() }
  }
}

extension SQLiteStore {
  func backlog(states: [BacklogState], limit: Int) async throws -> [BacklogEntry] {
    var filter = BacklogFilter()
    filter.states = states
    filter.limit = limit
    return try await backlog(filter)
  }
}
