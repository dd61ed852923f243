public import SealpostCore

/// Which webhooks, in which order, and which part of them.
public struct WebhookFilter: Sendable {
  /// What webhooks are sorted by.
  public enum Order: String, Sendable, CaseIterable {
    case name, url, createdAt, updatedAt
  }

  /// Of this account.
  public var account: String?
  /// Whose name or URL holds this text, whatever its case.
  public var text: String?
  /// Only those that are unhealthy or suspended and that their owner wants deliveries for.
  public var isUnwell = false
  /// Only those that are signed so.
  public var scheme: SignatureScheme?
  /// What they are sorted by.
  public var order = Order.name
  /// Whether the last come first.
  public var isDescending = false
  /// How many to leave out.
  public var offset = 0
  /// How many at most.
  public var limit = 20

  /// The first by name.
  public init() {}
}
