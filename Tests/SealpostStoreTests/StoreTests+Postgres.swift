import Foundation
import SealpostCore
import SealpostTesting
import Testing

@testable import SealpostStore

/// What is so of the PostgreSQL store alone.
extension StoreTests {
  @Test func aCommitWhoseAnswerWasLostIsAskedForBeforeItIsRepeated() async throws {
    let proxy = LossyProxy(to: try PostgresServer.shared.get().port)
    _ = try openPostgres()
    let store = try PostgresStore.open(
      url: try database.url(by: proxy), secretKey: TestDatabase.secretKey)
    let webhook = try await store.create(draft())
    // The commit held, and nobody knows: these are no duplicates.
    proxy.lose("COMMIT\0")
    #expect(
      try record(store, webhook: webhook, [(1, .retry), (1, .retry)]) == [.inserted, .duplicate])
    #expect(proxy.losses == 1)
    #expect(try await store.attempts(LogFilter()).count == 1)
    // Nothing held, since the connection was lost before the commit.
    proxy.lose("BEGIN\0")
    #expect(try record(store, webhook: webhook, [(2, .delivered)]) == [.inserted])
    #expect(proxy.losses == 2)
    // Nobody makes anything twice.
    proxy.lose("COMMIT\0")
    _ = try await store.create(draft("second"))
    #expect(proxy.losses == 3)
    #expect(try await store.webhooks(account: "acme").map(\.name) == ["n", "second"])
    #expect(try record(store, webhook: webhook, [(2, .delivered)]) == [.duplicate])
  }

  @Test func aLostConnectionIsReplaced() async throws {
    let store = try openPostgres()
    let webhook = try await store.create(draft())
    #expect(try record(store, webhook: webhook, [(1, .retry)]) == [.inserted])
    try database.query(
      """
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()
      """)
    #expect(try record(store, webhook: webhook, [(2, .delivered)]) == [.inserted])
    #expect(try await store.attempts(LogFilter()).count == 2)
  }

  @Test func severalOpenAnEmptyDatabaseAtOnce() async throws {
    for _ in 0..<8 {
      let database = TestDatabase()
      let url = try database.url
      let versions = try await withThrowingTaskGroup(of: [String].self) { group in
        for _ in 0..<6 {
          group.addTask {
            try await PostgresStore.open(url: url, secretKey: TestDatabase.secretKey)
              .schemaVersions()
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(Set(versions).count == 1 && versions.first?.isEmpty == false)
      #expect(
        try database.query("SELECT count(DISTINCT identifier) = count(*) FROM schema_migrations")
          == "t")
    }
  }

  @Test func aNewerSchemaIsRefused() throws {
    _ = try openPostgres()
    try database.query("INSERT INTO schema_migrations VALUES ('99-from-the-future', 0)")
    #expect(throws: StoreError.newerSchema(["99-from-the-future"])) { try openPostgres() }
  }

  @Test func saysWhatIsWrongWithAServerAndNeverThePassword() throws {
    func sentence(_ url: String, key: SecretBytes? = TestDatabase.secretKey) -> String {
      do throws(StoreError) {
        _ = try PostgresStore.open(url: url, secretKey: key)
        return ""
      } catch {
        return error.sentence
      }
    }
    #expect(sentence(try database.url, key: nil).contains("Set SEALPOST_SECRET_KEY"))
    let port = FreePort.find()
    let nobody = sentence("postgresql://me:hunter2@127.0.0.1:\(port)/x?connect_timeout=1")
    #expect(
      nobody.contains("postgresql://127.0.0.1:\(port)/x") && nobody.contains("SEALPOST_STORE_URL"))
    let server = try PostgresServer.shared.get()
    let nowhere = sentence(server.url(of: "nowhere"))
    #expect(nowhere.contains("nowhere") && nowhere.contains("create the database"))
    for url in [
      "postgresql://me:hunt@er2@127.0.0.1/x", "postgresql://me:hunter%2@127.0.0.1/x",
      "postgresql://me:hunter2@127.0.0.1:\(port)/x?sslmode=maybe",
      "postgresql://me:hunter2@127.0.0.1:\(port)/x?nothing=1",
    ] {
      let sentence = sentence(url)
      #expect(sentence.contains("SEALPOST_STORE_URL"), "\(sentence)")
      #expect(!sentence.contains("hunt") && !sentence.contains("er2@"), "\(sentence)")
    }
    #expect(!nobody.contains("hunter2"))
  }

  @Test func aDayGoesAsAWholeAndLeavesWhatIsStillNeeded() async throws {
    let store = try openPostgres()
    let webhook = try await store.create(draft())
    // A test of another day would find its rows in the default partition.
    let today = Timestamp(seconds: Timestamp.now().seconds / 86400 * 86400)
    var tests = self
    tests.triggeredAt = today
    for number in 0..<10 {
      _ = try tests.record(store, event: "evt_\(number)", webhook: webhook, [(1, .delivered)])
    }
    _ = try tests.record(store, event: "evt_dead", webhook: webhook, [(1, .exhausted)])
    // One of them was sent again at a time that is still to be kept.
    try database.query(
      "UPDATE attempts SET sent_at = sent_at + 172800000000000 WHERE event = 3")
    func partitions() throws -> [Int64] {
      try database.query(
        "SELECT tablename FROM pg_tables WHERE tablename LIKE 'events\\_2%' OR tablename LIKE 'events\\_1%'"
      ).split(separator: "\n").compactMap { Int64($0.dropFirst("events_".count)) }.sorted()
    }
    let day = today.seconds / 86400
    #expect(try partitions() == Array(day - 2...day + 7))
    #expect(try database.query("SELECT count(*) FROM events_default") == "0")
    let limit = today + .seconds(86400)
    // Three days are over at the limit, one a call.
    for _ in 0..<3 { #expect(try await store.prune(olderThan: limit, slice: 100) == 100) }
    #expect(try partitions() == Array(day + 1...day + 7))
    #expect(try await store.attempts(LogFilter()).map(\.eventID) == ["evt_2"])
    #expect(try await store.backlog(states: [.exhausted], limit: 9).map(\.eventID) == ["evt_dead"])
    #expect(try database.query("SELECT count(*) FROM events") == "2")
    #expect(
      try tests.record(store, event: "evt_new", webhook: webhook, [(1, .delivered)]) == [.inserted])
  }
}
