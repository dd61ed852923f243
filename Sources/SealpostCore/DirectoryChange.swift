/// What changed in the store since a revision.
public struct DirectoryChange: Sendable {
  /// A webhook that was deleted.
  public struct Deletion: Sendable {
    /// Its public identity.
    public let id: String
    /// Its account.
    public let account: String
    /// Its key in the store.
    public let key: Int64
    /// Whether all of its account is removed: its deliveries end without a trace. Its account may be empty.
    public let isPurged: Bool

    /// Makes a deletion from its parts.
    public init(id: String, account: String, key: Int64, isPurged: Bool = false) {
      self.id = id
      self.account = account
      self.key = key
      self.isPurged = isPurged
    }
  }

  /// The store's revision with these changes.
  public var revision: Int64
  /// Every webhook that was added or changed.
  public var webhooks: [Webhook]
  /// Every webhook that was deleted.
  public var deleted: [Deletion]
  /// Whether nothing is to be delivered at all for now.
  public var isPaused: Bool

  /// Makes a change from its parts.
  public init(
    revision: Int64, webhooks: [Webhook], deleted: [Deletion], isPaused: Bool = false
  ) {
    self.isPaused = isPaused
    self.revision = revision
    self.webhooks = webhooks
    self.deleted = deleted
  }
}
