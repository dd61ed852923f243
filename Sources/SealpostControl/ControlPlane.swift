public import SealpostStore

/// Everything that owners and operators do with webhooks, the event log and what was set aside, by whichever
/// way: HTTP, the portal's pages, or a command. Each rule is here, once.
///
/// Every function is given the principal on whose behalf it acts, checks its scope and account first, and
/// keeps in the audit log what it changed. What belongs to another account does not exist for it. Errors are
/// those of the layers below; `ControlError(_:)` tells what each means to whoever asked.
public struct ControlPlane: Sendable {
  /// A store with all that is needed of it.
  public typealias Store = APITokenStore & AuditLog & Backlog & EventLog & IdempotencyStore
    & RejectedMessages & ReplayStore & WebhookStore

  /// The settings.
  public let settings: ControlSettings
  /// The depths of the queues.
  public let queueMonitor: QueueMonitor
  let store: any Store
  let publisher: ControlPublisher
  let publishRates = RateLimiter()
  let signInTickets = SignInTickets()
  let publicKeySet = PublicKeySet()

  /// Makes a control plane.
  public init(settings: ControlSettings, store: any Store, publisher: ControlPublisher) {
    self.settings = settings
    self.store = store
    self.publisher = publisher
    queueMonitor = QueueMonitor(settings: settings.broker)
  }

  /// The store, whose next change keeps who did it in the same transaction.
  func noting(
    _ action: String, _ subject: String, account: String?, by principal: Principal,
    _ detail: String = ""
  ) -> any Store {
    store.noting(
      AuditEntry(
        account: account, actor: principal.name, action: action, subject: subject, detail: detail))
  }

  /// Keeps who did what, where nothing in the store changes by it.
  func note(
    _ action: String, _ subject: String, account: String?, by principal: Principal,
    _ detail: String = ""
  ) async throws {
    try await store.append(
      AuditEntry(
        account: account, actor: principal.name, action: action, subject: subject, detail: detail))
  }
}
