public import SealpostCore

/// What to change of a webhook; nil leaves a part as it is.
public struct WebhookChange: Sendable {
  /// The owner's name for it.
  public var name: String?
  /// Where deliveries go.
  public var url: WebhookURL?
  /// How they are signed.
  public var scheme: SignatureScheme?
  /// The token.
  public var token: WebhookToken?
  /// Until when the token before it signs beside it; nil ends it at once.
  public var overlapUntil: Timestamp?
  /// What it listens to.
  public var events: [EventPattern]?
  /// Its own headers.
  public var headers: [WebhookHeader]?
  /// Its own retry policy; `.some(nil)` goes back to the operator's.
  public var retry: RetryPolicy??
  /// How long an attempt may take; `.some(nil)` goes back to the operator's limit.
  public var timeout: Duration??
  /// What its connections show to a receiver that asks; `.some(nil)` for nothing any more.
  public var clientCertificate: ClientCertificate??
  /// Whether it takes deliveries.
  public var isActive: Bool?
  /// Whether its deliveries wait.
  public var isPaused: Bool?
  /// Its health, which only an owner's act may set: a suspended webhook goes on when it is healthy again.
  public var health: WebhookHealth?

  /// A change of nothing.
  public init() {}
}
