import Foundation
import SealpostCore
import SealpostSigning
import Testing

@testable import SealpostStore

/// Webhooks whose rows hold what this version cannot read.
extension StoreTests {
  @Test(arguments: Engine.allCases) func aRowThatCannotBeReadLeavesTheOthersAlone(_ engine: Engine)
    async throws
  {
    let store = try open(engine)
    let well = try await store.create(draft("well"))
    let broken = [
      ("url", "ftp://example.test/hook", "URL"), ("scheme", "of the future", "scheme"),
      ("events", "user.*,license..created", "events"), ("retry", "{", "retry policy"),
    ]
    var ids: [String: String] = [:]
    for (column, text, _) in broken {
      let id = try await store.create(draft(column)).id
      ids[column] = id
      try await execute("UPDATE webhooks SET \(column) = '\(text)' WHERE id = '\(id)'", store)
    }
    let change = try #require(try await store.directoryChange(since: 0))
    #expect(change.webhooks.count == 1 + broken.count)
    #expect(try await store.webhooks(account: "acme").count == 1 + broken.count)
    #expect(try await store.webhooks(WebhookFilter()).count == 1 + broken.count)
    let read = try await store.webhook(well.id)
    #expect(read.fault == nil && read.status == "healthy")
    for (column, text, part) in broken {
      let webhook = try await store.webhook(try #require(ids[column]))
      #expect(webhook.status == "invalid" && webhook.tokens == [WebhookToken("planted-token")])
      let fault = try #require(webhook.fault)
      #expect(fault.contains("Its stored \(part) cannot be used"), "\(fault)")
      if column == "url" { #expect(webhook.url.text == text) }
    }
    let directory = WebhookDirectory().applying(change)
    var parked = 0
    directory.matches("acme", "user.created") { entry in
      if entry.webhook.id != well.id {
        #expect(entry.disposition == .park(.settingsInvalid))
        parked += 1
      }
    }
    #expect(parked == broken.count, "nothing passes one by")
  }

  @Test(arguments: Engine.allCases) func aChangeMendsWhatItNamesAndLeavesTheRestAsItIsStored(
    _ engine: Engine
  ) async throws {
    let store = try open(engine)
    let id = try await store.create(draft()).id
    try await execute(
      "UPDATE webhooks SET url = 'ftp://x/', events = 'a..b', retry = '{' WHERE id = '\(id)'",
      store)
    var change = WebhookChange()
    change.name = "renamed"
    change.isPaused = true
    #expect(try await store.update(id, change).name == "renamed")
    change = WebhookChange()
    change.events = [.name("user.created")]
    change.retry = .some(nil)
    let half = try await store.update(id, change)
    #expect(half.url.text == "ftp://x/" && half.retry == nil && half.isPaused)
    #expect(half.fault?.contains("URL") == true && half.fault?.contains("events") == false)
    change = WebhookChange()
    change.url = try WebhookURL(parsing: "https://example.test/new")
    let whole = try await store.update(id, change)
    #expect(whole.fault == nil && whole.status == "paused" && whole.retry == nil)
    #expect(whole.events == [.name("user.created")])
    #expect(whole.headers == [try WebhookHeader(name: "X-A", value: "b, \"c\"")])
  }

  @Test(arguments: Engine.allCases) func headersThatCannotBeReadAreAFaultAndNoMissingKey(
    _ engine: Engine
  ) async throws {
    let store = try open(engine)
    let id = try await store.create(draft()).id
    for (text, why) in [
      (#"[["Host","planted"]]"#, "The header Host"), (#"[["X-A"]]"#, "another form"),
      ("planted", "another form"),
    ] {
      let context = SQLiteStore.context(ofHeaders: id)
      let box = (store as? SQLiteStore)?.box ?? (store as? PostgresStore)?.box
      let sealed = try #require(try box?.seal(SecretBytes(text.utf8), context: context))
      let digits = sealed.map { String(format: "%02x", $0) }.joined()
      let value = engine == .sqlite ? "x'\(digits)'" : "'\\x\(digits)'"
      try await execute("UPDATE webhooks SET sealed_headers = \(value)", store)
      let webhook = try await store.webhook(id)
      #expect(webhook.status == "invalid" && webhook.headers.isEmpty && !webhook.tokens.isEmpty)
      let fault = try #require(webhook.fault)
      #expect(fault.contains(why) && !fault.contains("planted"), "\(fault)")
    }
    var change = WebhookChange()
    change.headers = []
    #expect(try await store.update(id, change).fault == nil)
  }
}

extension WebhookDirectory {
  fileprivate func matches(_ account: String, _ event: String, _ body: (DirectoryEntry) -> Void) {
    Array(account.utf8).withUnsafeBytes { account in
      Array(event.utf8).withUnsafeBytes { routes(of: account)?.matches($0, body) }
    }
  }
}
