import SealpostCore
import Testing

@Suite struct DirectoryTests {
  private func webhook(
    _ key: Int64, account: String = "a", _ patterns: [String], active: Bool = true,
    tokens: [WebhookToken] = [WebhookToken("t")], revision: Int64 = 1
  ) throws -> Webhook {
    Webhook(
      key: key, id: "w\(key)", account: account, name: "n",
      url: try WebhookURL(parsing: "https://e.test/"),
      scheme: .hmacSHA256, tokens: tokens,
      events: try patterns.map { try EventPattern(parsing: $0) },
      isActive: active, revision: revision, createdAt: .now(), updatedAt: .now())
  }

  private func matches(_ directory: WebhookDirectory, _ account: String, _ event: String)
    -> [String]
  {
    var found: [String] = []
    Array(account.utf8).withUnsafeBytes { account in
      Array(event.utf8).withUnsafeBytes { event in
        directory.routes(of: account)?.matches(event) { found.append($0.webhook.id) }
      }
    }
    return found.sorted()
  }

  private func change(_ revision: Int64, _ webhooks: [Webhook]) -> DirectoryChange {
    DirectoryChange(revision: revision, webhooks: webhooks, deleted: [])
  }

  @Test func lanesLearnWhatToLetGoOf() throws {
    let first = WebhookDirectory().applying(
      change(1, [try webhook(1, ["*"]), try webhook(2, ["*"])]))
    let second = first.applying(change(2, [try webhook(2, ["user.*"], revision: 2)]))
    #expect(second.changedSlots(since: 1) == [1])
    #expect(second.changedSlots(since: 2) == [])
    let third = second.applying(
      DirectoryChange(
        revision: 3, webhooks: [], deleted: [.init(id: "w1", account: "a", key: 1)]))
    #expect(third.changedSlots(since: 2) == [0])
    #expect(third.changedSlots(since: 1) == nil, "a lane that missed one lets go of all")
  }

  @Test func aPurgedWebhookIsGoneThoughItsAccountIsNamedNoMore() throws {
    let first = WebhookDirectory().applying(
      change(1, [try webhook(1, ["*"]), try webhook(2, account: "b", ["*"])]))
    let second = first.applying(
      DirectoryChange(
        revision: 2, webhooks: [], deleted: [.init(id: "w1", account: "", key: 1, isPurged: true)]))
    #expect(matches(second, "a", "x").isEmpty && matches(second, "b", "x") == ["w2"])
    #expect(second.count == 1)
    Array("w1".utf8).withUnsafeBytes {
      #expect(second.isPurged(id: $0) && second.deletedKey(id: $0) == 1)
      #expect(!first.isPurged(id: $0))
    }
  }

  @Test func matchesNamesPrefixesAndAllOnceEach() throws {
    let directory = WebhookDirectory().applying(
      change(
        1,
        [
          try webhook(1, ["license.created"]), try webhook(2, ["license.*"]),
          try webhook(3, ["*"]), try webhook(4, ["*", "license.*", "license.created"]),
          try webhook(5, ["license.*", "license.activation.*", "webhook.gone", "*"]),
          try webhook(6, account: "b", ["*"]),
        ]))
    #expect(matches(directory, "a", "license.created") == ["w1", "w2", "w3", "w4", "w5"])
    #expect(
      matches(directory, "a", "license.activation.limit-reached") == ["w2", "w3", "w4", "w5"])
    #expect(matches(directory, "a", "license") == ["w3", "w4", "w5"])
    #expect(matches(directory, "a", "licensed.created") == ["w3", "w4", "w5"])
    #expect(matches(directory, "a", "webhook.gone") == ["w5"])
    #expect(matches(directory, "b", "x") == ["w6"])
    #expect(matches(directory, "c", "x").isEmpty)
    #expect(directory.count == 6)
  }

  @Test func replacesOnlyTheAccountsTouchedAndKeepsSlots() throws {
    let first = WebhookDirectory().applying(
      change(1, [try webhook(1, ["*"]), try webhook(2, account: "b", ["*"])]))
    let second = first.applying(change(2, [try webhook(1, ["user.*"], revision: 2)]))
    func entry(_ directory: WebhookDirectory, _ account: String, _ id: String) -> DirectoryEntry? {
      Array(account.utf8).withUnsafeBytes { account in
        Array(id.utf8).withUnsafeBytes { directory.entry(account: account, id: $0) }
      }
    }
    #expect(entry(first, "b", "w2") === entry(second, "b", "w2"))
    #expect(entry(first, "a", "w1") !== entry(second, "a", "w1"))
    #expect(entry(first, "a", "w1")?.slot == entry(second, "a", "w1")?.slot)
    #expect(matches(first, "a", "license.created") == ["w1"])
    #expect(matches(second, "a", "license.created").isEmpty)
    #expect(second.revision == 2)
  }

  @Test func deletionsAreKnownByTheirKey() throws {
    let directory = WebhookDirectory()
      .applying(change(1, [try webhook(1, ["*"]), try webhook(2, ["*"])]))
      .applying(
        DirectoryChange(
          revision: 2, webhooks: [], deleted: [.init(id: "w1", account: "a", key: 1)]))
    #expect(matches(directory, "a", "x") == ["w2"])
    #expect(Array("w1".utf8).withUnsafeBytes { directory.deletedKey(id: $0) } == 1)
    #expect(Array("w9".utf8).withUnsafeBytes { directory.deletedKey(id: $0) } == nil)
    #expect(directory.count == 1)
  }

  @Test func inactiveAndUnreadableWebhooksAreParked() throws {
    let directory = WebhookDirectory().applying(
      change(1, [try webhook(1, ["*"], active: false), try webhook(2, ["*"], tokens: [])]))
    var dispositions: [DirectoryEntry.Disposition] = []
    Array("a".utf8).withUnsafeBytes { bytes in
      directory.routes(of: bytes)?.matches(bytes) { dispositions.append($0.disposition) }
    }
    #expect(dispositions == [.park(.inactive), .park(.tokenUnreadable)])
  }

  @Test func findsEachOfManyNames() throws {
    let webhooks = try (1...500).map { try webhook(Int64($0), ["event.n\($0)"]) }
    let directory = WebhookDirectory().applying(change(1, webhooks))
    for number in 1...500 {
      #expect(matches(directory, "a", "event.n\(number)") == ["w\(number)"])
    }
  }
}
