/// All webhooks, indexed for matching: account → exact names, prefixes, all.
///
/// An immutable value that lanes hold and look into without locks. A change makes a new one, in which
/// only the accounts that it touches are built anew.
public struct WebhookDirectory: Sendable {
  /// The store's revision that this shows; 0 before anything was loaded.
  public private(set) var revision: Int64 = 0
  /// How many webhooks there are.
  public private(set) var count = 0
  /// How many of them are unhealthy.
  public private(set) var unhealthyCount = 0
  /// How many of them are suspended.
  public private(set) var suspendedCount = 0
  /// Whether nothing is to be delivered at all for now.
  public private(set) var isPaused = false

  private var accounts = ByteTable<AccountRoutes>()
  private var slots: [Int64: Int] = [:]
  private var hosts: [String: Int] = [:]
  private var deletedKeys: [String: Int64] = [:]
  private var purged: Set<String> = []
  /// What the last change touched, and the revision before it.
  private var lastChange: (from: Int64, slots: [Int]) = (0, [])

  /// An empty directory.
  public init() {}

  /// Which webhooks of an account listen to what, or nil where it has none. Makes no strings; any thread.
  public func routes(of account: UnsafeRawBufferPointer) -> AccountRoutes? {
    accounts.value(account)
  }

  /// How many accounts have, or had, webhooks.
  public var accountCount: Int { accounts.count }

  /// A small number that is the account's own for the life of the process, or nil where it has no webhook.
  public func slot(account: UnsafeRawBufferPointer) -> Int? { accounts.value(account)?.slot }

  /// The webhook of that account and identity, or nil.
  public func entry(account: UnsafeRawBufferPointer, id: UnsafeRawBufferPointer) -> DirectoryEntry?
  {
    accounts.value(account)?.entry(id: String(decoding: id, as: UTF8.self))
  }

  /// The store's key of a webhook that was deleted, or nil where none of that identity was.
  public func deletedKey(id: UnsafeRawBufferPointer) -> Int64? {
    deletedKeys[String(decoding: id, as: UTF8.self)]
  }

  /// Whether a webhook was deleted with all of its account: nothing of it is to be kept.
  public func isPurged(id: UnsafeRawBufferPointer) -> Bool {
    !purged.isEmpty && purged.contains(String(decoding: id, as: UTF8.self))
  }

  /// The slots of webhooks that were changed or deleted since a revision; nil where too much was.
  public func changedSlots(since revision: Int64) -> [Int]? {
    if revision == self.revision { return [] }
    return revision == lastChange.from ? lastChange.slots : nil
  }

  /// The directory with a change.
  public func applying(_ change: DirectoryChange) -> WebhookDirectory {
    var result = self
    result.revision = max(revision, change.revision)
    result.isPaused = change.isPaused
    result.lastChange = (
      revision,
      (change.webhooks.map(\.key) + change.deleted.map(\.key)).compactMap { slots[$0] }
    )
    var changed: [String: [Webhook]] = [:]
    var gone: [String: Set<String>] = [:]
    for webhook in change.webhooks { changed[webhook.account, default: []].append(webhook) }
    for deletion in change.deleted {
      // Whoever missed the deletion itself may find the account's name gone.
      let isMissed = deletion.isPurged && deletedKeys[deletion.id] == nil
      let account =
        isMissed
        ? accounts.key { $0.entry(id: deletion.id) != nil } ?? deletion.account : deletion.account
      gone[account, default: []].insert(deletion.id)
      result.deletedKeys[deletion.id] = deletion.key
      if deletion.isPurged { result.purged.insert(deletion.id) }
    }
    for account in Set(changed.keys).union(gone.keys) {
      let old = result.routes(account)
      var entries: [String: DirectoryEntry] = [:]
      for entry in old?.entries ?? [] { entries[entry.webhook.id] = entry }
      for id in gone[account] ?? [] { entries[id] = nil }
      for webhook in changed[account] ?? [] {
        let slot = result.slots[webhook.key] ?? result.slots.count
        result.slots[webhook.key] = slot
        let host = result.hosts[webhook.url.host] ?? result.hosts.count
        result.hosts[webhook.url.host] = host
        entries[webhook.id] = DirectoryEntry(webhook: webhook, slot: slot, host: host)
      }
      let routes = AccountRoutes(entries.values, slot: old?.slot ?? result.accounts.count)
      result.count(old?.entries ?? [], by: -1)
      result.count(routes.entries, by: 1)
      result.accounts.set(account, routes)
    }
    return result
  }

  private mutating func count(_ entries: [DirectoryEntry], by step: Int) {
    count += step * entries.count
    for entry in entries {
      switch entry.webhook.health {
      case .healthy: break
      case .unhealthy: unhealthyCount += step
      case .suspended: suspendedCount += step
      }
    }
  }

  private func routes(_ account: String) -> AccountRoutes? {
    var account = account
    return account.withUTF8 { routes(of: UnsafeRawBufferPointer($0)) }
  }
}
