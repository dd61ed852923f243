/// What somebody wants a webhook to be; nil leaves a part as it is, or to its default.
public struct WebhookInput: Sendable {
  /// The account; for administrators, when a webhook is added.
  public var account: String?
  /// What it is called.
  public var name: String?
  /// Where deliveries go.
  public var url: String?
  /// The token that signs deliveries; where none is given a new webhook gets one made for it.
  public var token: String?
  /// Names and patterns of events.
  public var events: [String]?
  /// How deliveries are signed.
  public var scheme: String?
  /// Its own headers: names and values.
  public var headers: [(name: String, value: String)]?
  /// Its own retry policy.
  public var retry: RetryInput?
  /// How many seconds an attempt may take; `.some(nil)` for the operator's limit.
  public var timeout: Double??
  /// What its connections show to a receiver that asks for a certificate; `.some(nil)` for nothing any more.
  public var clientCertificate: ClientCertificateInput??
  /// Whether it takes deliveries.
  public var active: Bool?

  /// Nothing.
  public init() {}
}
