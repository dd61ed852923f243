import Foundation
import SealpostCore
import SealpostTesting
import Testing

@testable import SealpostStore

/// Two PostgreSQL servers, of which one takes writes at a time.
@Suite final class PostgresFailoverTests {
  private let servers: [PostgresServer]

  init() throws { servers = [try PostgresServer(), try PostgresServer()] }

  deinit { for server in servers { server.stop() } }

  private func draft(_ name: String) throws -> WebhookDraft {
    WebhookDraft(
      account: "acme", name: name, url: try WebhookURL(parsing: "https://example.test/hook"),
      scheme: .hmacSHA256, token: WebhookToken("token"), events: [.all])
  }

  private func names(_ server: PostgresServer) throws -> [String] {
    try server.query("SELECT name FROM webhooks ORDER BY key", in: "postgres")
      .split(separator: "\n").map(String.init)
  }

  /// What all connections of a store give.
  private func namesByAllConnections(_ store: PostgresStore) async throws -> Set<[String]> {
    try await withThrowingTaskGroup(of: [String].self) { group in
      for _ in 0..<40 {
        group.addTask { try await store.webhooks(account: "acme").map(\.name).sorted() }
      }
      return try await group.reduce(into: []) { $0.insert($1) }
    }
  }

  @Test func aServerThatTakesNoMoreWritesIsLeftForTheOther() async throws {
    for server in servers {
      _ = try PostgresStore.open(
        url: server.url(of: "postgres"), secretKey: TestDatabase.secretKey)
    }
    let hosts = servers.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
    let store = try PostgresStore.open(
      url: "postgresql://sealpost@\(hosts)/postgres?target_session_attrs=read-write",
      secretKey: TestDatabase.secretKey)
    _ = try await store.create(draft("0"))
    #expect(try names(servers[0]) == ["0"])
    #expect(try await namesByAllConnections(store) == [["0"]])
    try servers[0].query("ALTER SYSTEM SET default_transaction_read_only = on", in: "postgres")
    try servers[0].query("SELECT pg_reload_conf()", in: "postgres")
    // Those of the store's sessions that heard of it refuse; no write fails, and each is made once.
    var made = 1
    while try names(servers[1]).isEmpty, made < 1000 {
      _ = try await store.create(draft("\(made)"))
      made += 1
    }
    #expect(
      try await namesByAllConnections(store) == [try names(servers[1]).sorted()],
      "nobody is answered by the server of before")
    _ = try await store.create(draft("\(made)"))
    let all = try servers.map(names)
    #expect(all[1].last == "\(made)")
    #expect(Set(all.joined()).count == made + 1 && all.joined().count == made + 1, "\(all)")
  }

  @Test func aServerThatIsGoneIsLeftForTheOther() async throws {
    for server in servers {
      _ = try PostgresStore.open(
        url: server.url(of: "postgres"), secretKey: TestDatabase.secretKey)
    }
    let hosts = servers.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
    let store = try PostgresStore.open(
      url: "postgresql://sealpost@\(hosts)/postgres", secretKey: TestDatabase.secretKey)
    _ = try await store.create(draft("0"))
    servers[0].stop()
    _ = try await store.create(draft("1"))
    #expect(try names(servers[1]) == ["1"])
  }
}
