import Foundation
import SealpostCore
import SealpostSigning
import Testing

@testable import SealpostStore

/// What a store keeps sealed, what it forgets, and who did it.
extension StoreTests {
  private static func key() -> SecretBytes {
    SecretBytes(Data(RandomBytes.make(32)).base64EncodedString().utf8)
  }

  private func open(_ engine: Engine, _ key: SecretBytes, others: [SecretBytes] = []) throws
    -> any Store
  {
    switch engine {
    case .sqlite: try SQLiteStore.open(url: "sqlite:\(path)", secretKey: key, otherKeys: others)
    case .postgresql:
      try PostgresStore.open(url: try database.url, secretKey: key, otherKeys: others)
    }
  }

  private func walk(_ store: any Store, seals: Bool) async throws -> SecretProgress {
    var all = SecretProgress()
    var position: String?
    repeat {
      let step = try await store.walkSecrets(after: position, slice: 2, seals: seals)
      all.looked += step.looked
      all.sealed += step.sealed
      all.unreadable += step.unreadable
      position = step.position
    } while position != nil
    return all
  }

  @Test func headersOfAnEarlierVersionAreSealedWithoutATrace() async throws {
    let made = try await openSQLite().create(draft())
    try await execute(
      "UPDATE webhooks SET sealed_headers = NULL, headers = '[[\"Authorization\",\"planted-header\"]]'",
      try openSQLite())
    #expect(try isKept("planted-header", .sqlite))
    let webhook = try await openSQLite().webhook(made.id)
    #expect(webhook.headers == [try WebhookHeader(name: "Authorization", value: "planted-header")])
    #expect(try !isKept("planted-header", .sqlite))
  }

  @Test(arguments: Engine.allCases) func everySecretIsSealedAnewAndTheOldKeyIsNeededNoMore(
    _ engine: Engine
  ) async throws {
    let (old, new) = (Self.key(), Self.key())
    let before = try open(engine, old)
    var ids: [String] = []
    for name in ["a", "b", "c"] { ids.append(try await before.create(draft(name)).id) }
    var change = WebhookChange()
    change.token = WebhookToken("planted-second")
    change.overlapUntil = .now() + .seconds(60)
    _ = try await before.update(ids[0], change)
    _ = try await before.takeKey("k", owner: "me", request: [1], now: .now())
    let answer = KeptAnswer(status: 201, body: Array("planted-answer".utf8))
    try await before.keepAnswer(answer, key: "k", owner: "me")
    let revision = try await before.directoryChange(since: 0)?.revision

    let alone = try await walk(open(engine, new), seals: true)
    #expect(alone.sealed == 0 && alone.unreadable.count == 4, "what no key opens stays as it is")
    #expect(alone.unreadable[0].owner == "webhook \(ids[0])")
    #expect(alone.unreadable[0].why.contains(before.sealingKey))

    let both = try open(engine, new, others: [old])
    let count = try await both.secretCount()
    // Interrupted after a step, it goes on where it was.
    #expect(try await both.walkSecrets(after: nil, slice: 1, seals: true).sealed == 3)
    let done = try await walk(both, seals: true)
    #expect(done.looked == count && count == 8 && done.sealed == 5 && done.unreadable.isEmpty)
    #expect(try await walk(both, seals: true).sealed == 0)
    #expect(
      try await both.directoryChange(since: 0)?.revision == revision, "no worker is disturbed")

    let after = try open(engine, new)
    #expect(try await walk(after, seals: false).unreadable.isEmpty)
    #expect(
      try await after.webhook(ids[0]).tokens.map(\.clearText) == [
        "planted-second", "planted-token",
      ])
    #expect(try await after.webhook(ids[2]).headers.first?.value == "b, \"c\"")
    #expect(
      try await after.takeKey("k", owner: "me", request: [1], now: .now()) == .answered(answer))
    #expect(try await open(engine, old).webhook(ids[0]).tokens.isEmpty)
    for planted in ["planted-token", "planted-second", "planted-answer", "b, \\\"c"] {
      #expect(try !isKept(planted, engine))
    }
  }

  @Test(arguments: Engine.allCases) func anotherSchemeEndsTheOverlap(_ engine: Engine) async throws
  {
    let store = try open(engine)
    let webhook = try await store.create(draft(token: SigningSecret.make().clearText))
    var change = WebhookChange()
    change.token = WebhookToken("no secret of standard")
    change.overlapUntil = .now() + .seconds(60)
    #expect(try await store.update(webhook.id, change).tokens.count == 2)
    change = WebhookChange()
    change.scheme = .standard
    change.token = SigningSecret.make()
    #expect(try await store.update(webhook.id, change).tokens.count == 1)
  }

  @Test(arguments: Engine.allCases) func aChangeAndWhoMadeItAreKeptTogetherOrNotAtAll(
    _ engine: Engine
  ) async throws {
    let store = try open(engine)
    func entries() async throws -> [String] {
      try await store.audit(account: nil, before: nil, limit: 10).map(\.action)
    }
    func noting(_ action: String) -> any Store {
      store.noting(AuditEntry(account: "acme", actor: "me", action: action, subject: "x"))
    }
    let webhook = try await noting("create").create(draft())
    await #expect(throws: StoreError.quotaReached(1)) {
      try await noting("create").create(draft("b"), most: 1)
    }
    await #expect(throws: StoreError.self) { try await noting("revoke").revokeAPIToken("nobody") }
    #expect(try await entries() == ["create"])
    // Where the entry cannot be kept, nothing is done.
    try await execute("ALTER TABLE audit RENAME TO away", store)
    await #expect(throws: StoreError.self) { try await noting("delete").delete(webhook.id) }
    try await execute("ALTER TABLE away RENAME TO audit", store)
    #expect(try await store.webhook(webhook.id).id == webhook.id)
    try await noting("delete").delete(webhook.id)
    #expect(try await entries() == ["delete", "create"])
  }

  @Test(arguments: Engine.allCases) func nothingIsLeftOfAnAccountInAnyTable(_ engine: Engine)
    async throws
  {
    let store = try open(engine)
    var other = try draft("other")
    other.account = "other-account"
    let kept = try await store.create(other)
    let webhook = try await store.create(draft("planted-name"))
    for number in 0..<25 {
      _ = try record(store, event: "evt_\(number)", webhook: webhook, [(1, .delivered)])
    }
    _ = try record(store, event: "evt_dead", webhook: webhook, [(13, .exhausted)])
    _ = try record(store, event: "evt_parked", webhook: webhook, [], park: true)
    let attempt = try await store.attempts(LogFilter())[0].id
    _ = try await store.newRun(ofAttempt: attempt)
    _ = try await store.createReplay(
      id: "planted-replay", account: "acme", webhook: webhook.id,
      ReplaySelection(since: Timestamp(seconds: 0), until: .now(), outcome: nil, eventName: nil),
      rate: nil, expected: 1)
    try await store.add(
      APIToken(
        id: "planted-id", name: "n", account: "acme", scopes: [], hash: [1], createdAt: .now()))
    _ = try await store.takeKey("planted-key", owner: "planted-id", request: [1], now: .now())
    try await store.append(
      AuditEntry(account: "acme", actor: "a", action: "b", subject: webhook.id))
    try store.apply([
      HealthChange(webhookKey: webhook.key, kind: .unhealthy, why: "it failed")
    ])
    try Array("acme".utf8).withUnsafeBytes { body in
      try store.keepRejected([
        RejectedDraft(
          account: "acme", reason: "r", detail: "d", messageID: nil, body: body,
          receivedAt: .now())
      ])
    }
    let revision = try await store.directoryChange(since: 0)?.revision ?? 0
    let counts = try await rowCounts(store)
    #expect(
      counts.filter { $0.value == 0 }.keys.sorted() == ["leases", "suspects"],
      "every table has something to lose: \(counts)")

    let found = try await store.holdings(of: "acme")
    #expect(found.allSatisfy { $0.count > 0 }, "\(found)")
    try await store.closeAccount("acme")
    let deletion = try #require(try await store.directoryChange(since: revision)?.deleted.first)
    #expect(deletion.isPurged && deletion.account == "acme" && deletion.id == webhook.id)
    var position: Int64?
    var removed = 0
    repeat {
      let step = try await store.removeRows(of: "acme", after: position, slice: 10)
      position = step.position
      removed += step.removed
    } while position != nil
    #expect(removed > 50)
    #expect(try await store.holdings(of: "acme").allSatisfy { $0.count == 0 })
    let left = try await rowCounts(store).filter { $0.value > 0 }
    #expect(
      left == ["webhooks": 2, "store_version": 1],
      "the other account's webhook, and by what deliveries of the one that is gone are known")
    for planted in ["acme", "planted", "example.test/hook?", "evt_1"] {
      #expect(try !isKept(planted, engine), "\(planted)")
    }
    let change = try #require(try await store.directoryChange(since: 0))
    #expect(change.deleted.map(\.id) == [webhook.id] && change.deleted[0].isPurged)
    #expect(change.webhooks.map(\.id) == [kept.id])
  }
}
