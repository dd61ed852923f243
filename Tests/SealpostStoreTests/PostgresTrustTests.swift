import Foundation
import SealpostCore
import SealpostTesting
import Testing

@testable import SealpostStore

/// A PostgreSQL server over TLS: who is trusted, and what is said where somebody is not.
@Suite(.serialized) final class PostgresTrustTests {
  private let certificates: TestCertificates
  private let server: PostgresServer

  init() throws {
    certificates = try TestCertificates()
    try certificates.make("authority", subject: "/CN=authority")
    try certificates.make("stranger", subject: "/CN=stranger")
    try certificates.make("server", subject: "/CN=db", signedBy: "authority", host: "localhost")
    try certificates.make("client", subject: "/CN=sealpost", signedBy: "authority")
    server = try PostgresServer()
    try server.serve("server", of: certificates, trusting: "authority")
    try server.createDatabase("certified")
  }

  deinit { server.stop() }

  /// A URL with a password, which is to be seen nowhere.
  private func url(
    _ mode: String, host: String = "localhost", database: String = "postgres",
    authority: String? = nil, client: String? = nil
  ) -> String {
    var url =
      "postgresql://sealpost:hunter2@\(host):\(server.port)/\(database)?sslmode=\(mode)"
    if let authority { url += "&sslrootcert=\(certificates.folder)/\(authority).pem" }
    if let client {
      url +=
        "&sslcert=\(certificates.folder)/\(client).pem&sslkey=\(certificates.folder)/\(client).key"
    }
    return url
  }

  private func isWelcome(_ url: String) async throws -> Bool {
    let store = try PostgresStore.open(url: url, secretKey: TestDatabase.secretKey)
    return try await !store.schemaVersions().isEmpty
  }

  /// The refusal of a URL: that of trust, at once and without the password.
  private func refusal(_ url: String) -> String {
    let start = MonotonicTime.nanoseconds()
    do throws(StoreError) {
      _ = try PostgresStore.open(url: url, secretKey: TestDatabase.secretKey)
      Issue.record("it opens: \(url)")
      return ""
    } catch {
      guard case .untrusted = error else {
        Issue.record("no refusal by trust: \(error)")
        return ""
      }
      #expect(MonotonicTime.nanoseconds() - start < 2_500_000_000, "nobody waits for it to pass")
      #expect(!error.sentence.contains("hunter2") && error.sentence.contains("SEALPOST_STORE_URL"))
      return error.sentence
    }
  }

  @Test func aServerWhoseCertificateIsRightIsTrusted() async throws {
    #expect(try await isWelcome(url("require")))
    #expect(try await isWelcome(url("verify-full", authority: "authority")))
    #expect(try await isWelcome(url("verify-ca", host: "127.0.0.1", authority: "authority")))
    #expect(
      try server.query("SELECT count(*) > 0 FROM schema_migrations", in: "postgres") == "t")
  }

  @Test func aServerThatIsNotTrustedEndsTheStartAndIsNamed() throws {
    let other = refusal(url("verify-full", host: "127.0.0.1", authority: "authority"))
    #expect(other.contains("does not match host name \"127.0.0.1\""))
    #expect(other.contains("Write the host"))
    for mode in ["verify-ca", "verify-full"] {
      let unknown = refusal(url(mode, authority: "stranger"))
      #expect(unknown.contains("certificate verify failed") && unknown.contains("sslrootcert"))
    }
    let missing = refusal(url("verify-full", authority: "nobody"))
    #expect(missing.contains("nobody.pem\" does not exist"))
    // Beside one that is away it is what counts.
    let second = refusal(
      url("verify-full", authority: "stranger")
        .replacing("localhost:", with: "127.0.0.1:\(FreePort.find()),localhost:"))
    #expect(second.contains("refused") && second.contains("certificate verify failed"))
  }

  @Test func aCertificateThatIsOverIsRefusedUntilItIsRenewed() async throws {
    try certificates.make(
      "old", subject: "/CN=db", signedBy: "authority", days: -1, host: "localhost")
    try server.serve("old", of: certificates, trusting: "authority")
    for mode in ["verify-ca", "verify-full"] {
      let over = refusal(url(mode, authority: "authority"))
      #expect(over.contains("is over") && over.contains("renew it"))
    }
    try server.serve("server", of: certificates, trusting: "authority")
    #expect(try await isWelcome(url("verify-full", authority: "authority")))
  }

  @Test func aServerWithoutTLSIsRefusedWhereTLSIsAskedFor() throws {
    let plain = try PostgresServer.shared.get()
    for mode in ["require", "verify-ca", "verify-full"] {
      let words = refusal(
        url(mode, authority: "authority").replacing(":\(server.port)/", with: ":\(plain.port)/"))
      #expect(words.contains("does not support SSL") && words.contains("Switch ssl on"))
    }
  }

  @Test func aClientCertificateOpensADatabaseThatAsksForOne() async throws {
    #expect(
      try await isWelcome(
        url("verify-full", database: "certified", authority: "authority", client: "client")))
    let none = refusal(url("require", database: "certified"))
    #expect(none.contains("requires a valid client certificate") && none.contains("sslcert"))
    let unknown = refusal(url("require", database: "certified", client: "stranger"))
    #expect(unknown.contains("unknown ca") && unknown.contains("ssl_ca_file"))
    try certificates.make("other", subject: "/CN=other", signedBy: "authority")
    let other = refusal(url("require", database: "certified", client: "other"))
    #expect(other.contains("certificate authentication failed"))
    chmod("\(certificates.folder)/client.key", 0o644)
    let readable = refusal(url("require", database: "certified", client: "client"))
    #expect(readable.contains("has group or world access") && readable.contains("0600"))
  }
}
