public import SealpostCore

/// Keeps webhooks. Every change has a revision; revisions commit in order.
public protocol WebhookStore: Sendable {
  /// Adds a webhook.
  ///
  /// - Parameter most: how many webhooks its account may have with it; `quotaReached` where that is over.
  func create(_ draft: WebhookDraft, most: Int?) async throws(StoreError) -> Webhook
  /// Changes a webhook and gives it as it is then.
  func update(_ id: String, _ change: WebhookChange) async throws(StoreError) -> Webhook
  /// Deletes a webhook. Its deletion stays known.
  func delete(_ id: String) async throws(StoreError)
  /// The webhook of that identity.
  func webhook(_ id: String) async throws(StoreError) -> Webhook
  /// All webhooks, or those of one account, by name.
  func webhooks(account: String?) async throws(StoreError) -> [Webhook]
  /// The webhooks that match, in the order asked for.
  func webhooks(_ filter: WebhookFilter) async throws(StoreError) -> [Webhook]
  /// The accounts that have webhooks, by name.
  func accounts(limit: Int) async throws(StoreError) -> [String]
  /// Forgets previous tokens whose overlap is over; how many.
  func endOverlaps(now: Timestamp) async throws(StoreError) -> Int
  /// Stops or goes on with all deliveries of all workers.
  func setPaused(_ isPaused: Bool) async throws(StoreError)
  /// What changed since a revision; nil where nothing did. From revision 0: everything.
  func directoryChange(since revision: Int64) async throws(StoreError) -> DirectoryChange?
}

extension WebhookStore {
  /// Adds a webhook, however many its account has.
  public func create(_ draft: WebhookDraft) async throws(StoreError) -> Webhook {
    try await create(draft, most: nil)
  }
}
