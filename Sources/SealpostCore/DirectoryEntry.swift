/// A webhook as the lanes see it: immutable, replaced as a whole when it changes.
public final class DirectoryEntry: Sendable {
  /// What becomes of its deliveries now.
  public enum Disposition: Hashable, Sendable {
    /// They are sent.
    case deliver
    /// They wait in the backlog.
    case park(ParkReason)
  }

  /// Why deliveries wait in the backlog. The raw value is what its rows hold.
  public enum ParkReason: String, Hashable, Sendable {
    /// The owner switched the webhook off.
    case inactive = "webhook_inactive"
    /// The webhook's token cannot be decrypted or used.
    case tokenUnreadable = "token_unreadable"
  }

  /// The webhook.
  public let webhook: Webhook
  /// A small number that is its own for the life of the process: an index for tables.
  public let slot: Int
  /// What becomes of its deliveries.
  public let disposition: Disposition

  init(webhook: Webhook, slot: Int) {
    self.webhook = webhook
    self.slot = slot
    disposition =
      if !webhook.isActive {
        .park(.inactive)
      } else if webhook.tokens.isEmpty {
        .park(.tokenUnreadable)
      } else {
        .deliver
      }
  }
}
