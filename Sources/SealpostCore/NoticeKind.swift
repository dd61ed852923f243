/// What notices tell the owner of a webhook: events of the account that Sealpost itself publishes. The raw
/// value is the event's name.
public enum NoticeKind: String, Sendable, CaseIterable {
  /// Its last attempts failed.
  case unhealthy = "webhook.unhealthy"
  /// It failed for so long that its deliveries are parked.
  case suspended = "webhook.suspended"
  /// It takes deliveries again.
  case recovered = "webhook.recovered"
  /// Its receiver answered 410, so it was switched off.
  case gone = "webhook.gone"
  /// A delivery used its attempts up.
  case exhausted = "delivery.exhausted"
}
