public import SealpostCore

/// Keeps webhooks. Every change has a revision; revisions commit in order.
public protocol WebhookStore: Sendable {
  /// Adds a webhook.
  func create(_ draft: WebhookDraft) async throws(StoreError) -> Webhook
  /// Changes a webhook and gives it as it is then.
  func update(_ id: String, _ change: WebhookChange) async throws(StoreError) -> Webhook
  /// Deletes a webhook. Its deletion stays known.
  func delete(_ id: String) async throws(StoreError)
  /// The webhook of that identity.
  func webhook(_ id: String) async throws(StoreError) -> Webhook
  /// All webhooks, or those of one account, by name.
  func webhooks(account: String?) async throws(StoreError) -> [Webhook]
  /// Stops or goes on with all deliveries of all workers.
  func setPaused(_ isPaused: Bool) async throws(StoreError)
  /// What changed since a revision; nil where nothing did. From revision 0: everything.
  func directoryChange(since revision: Int64) async throws(StoreError) -> DirectoryChange?
}
