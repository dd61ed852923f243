/// A store with everything that any part of the program needs: one of the engines.
public protocol Store: AccountStore, APITokenStore, AuditLog, Backlog, BacklogQueue, EventLog,
  HealthStore,
  IdempotencyStore, RecordingStore, RejectedMessages, ReplayStore, SecretStore, WebhookStore
{
  /// Where it is, for people. Holds no password.
  var location: String { get }

  /// The applied versions of the schema, oldest first.
  func schemaVersions() async throws(StoreError) -> [String]
}
