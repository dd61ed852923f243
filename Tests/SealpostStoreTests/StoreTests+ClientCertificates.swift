import SealpostCore
import Testing

@testable import SealpostStore

/// What connections show of a webhook.
extension StoreTests {
  @Test(arguments: Engine.allCases) func aClientCertificateIsKeptItsKeySealedForItsOwnWebhook(
    _ engine: Engine
  ) async throws {
    let store = try open(engine)
    var draft = try draft()
    draft.clientCertificate = ClientCertificate(
      chain: "a chain", privateKey: SecretBytes("planted-key".utf8), subject: "CN=a",
      expiresAt: Timestamp(seconds: 1_900_000_000))
    let made = try await store.create(draft)
    #expect(made.clientCertificate == draft.clientCertificate && made.hasReadableSecrets)
    #expect(try await store.update(made.id, WebhookChange()).clientCertificate != nil)
    #expect(try isKept("a chain", engine) && !isKept("planted-key", engine))
    // In another webhook's row the key does not open.
    let other = try await store.create(self.draft("other"))
    try await execute(
      """
      UPDATE webhooks SET (client_chain, client_key, client_subject, client_expires_at) =
        (SELECT client_chain, client_key, client_subject, client_expires_at FROM webhooks
         WHERE client_key IS NOT NULL)
      """, store)
    let moved = try await store.webhook(other.id)
    #expect(moved.clientCertificate?.subject == "CN=a" && !moved.hasReadableSecrets)
    var change = WebhookChange()
    change.clientCertificate = .some(nil)
    let without = try await store.update(other.id, change)
    #expect(without.clientCertificate == nil && without.hasReadableSecrets)
    try await store.delete(made.id)
    #expect(
      try await count("SELECT count(*) FROM webhooks WHERE client_key IS NOT NULL", store) == 0)
  }
}
