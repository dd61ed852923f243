/// A webhook as the lanes see it: immutable, replaced as a whole when it changes.
public final class DirectoryEntry: Sendable {
  /// What becomes of its deliveries now.
  public enum Disposition: Hashable, Sendable {
    /// They are sent.
    case deliver
    /// They wait in the backlog.
    case park(ParkReason)
    /// They wait in the backlog and go on by themselves when it is over.
    case hold
  }

  /// Why deliveries wait in the backlog. The raw value is what its rows hold.
  public enum ParkReason: String, Hashable, Sendable {
    /// The owner switched the webhook off.
    case inactive = "webhook_inactive"
    /// What the store holds of it cannot be used.
    case settingsInvalid = "settings_invalid"
    /// It failed for so long that it was suspended.
    case suspended = "webhook_suspended"
    /// The webhook's token, or its client certificate's key, cannot be decrypted or used.
    case tokenUnreadable = "token_unreadable"
  }

  /// The webhook.
  public let webhook: Webhook
  /// A small number that is its own for the life of the process: an index for tables.
  public let slot: Int
  /// The same for its host, which other webhooks may share.
  public let host: Int
  /// What becomes of its deliveries.
  public let disposition: Disposition

  init(webhook: Webhook, slot: Int, host: Int) {
    self.webhook = webhook
    self.slot = slot
    self.host = host
    disposition =
      if !webhook.isActive {
        .park(.inactive)
      } else if webhook.fault != nil {
        .park(.settingsInvalid)
      } else if !webhook.hasReadableSecrets {
        .park(.tokenUnreadable)
      } else if webhook.isPaused {
        .hold
      } else if webhook.health == .suspended {
        .park(.suspended)
      } else {
        .deliver
      }
  }
}
