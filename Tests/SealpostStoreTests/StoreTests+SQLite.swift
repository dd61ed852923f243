import Foundation
import GRDB
import SealpostCore
import SealpostSigning
import Testing

@testable import SealpostStore

/// What is so of the SQLite store alone.
extension StoreTests {
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

  @Test func theRowsOfAWebhookAreFoundAcrossTheWholeLog() async throws {
    let store = try openSQLite()
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
    let store = try openSQLite()
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

  @Test func tokensAreSealedAndOtherKeysLeaveWebhooksWithoutThem() async throws {
    let made = try await openSQLite().create(draft())
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
    #expect(try await openSQLite().webhook(made.id).tokens == [WebhookToken("planted-token")])
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
    let store = try openSQLite()
    try await store.write {
      try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99-from-the-future')")
    }
    #expect(throws: StoreError.newerSchema(["99-from-the-future"])) { try openSQLite() }
  }
}
