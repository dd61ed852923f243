import Foundation
public import SealpostCore

/// A webhook to add.
public struct WebhookDraft: Sendable {
  /// The public identity that it will have.
  public let id: String
  /// The account.
  public var account: String
  /// The owner's name for it.
  public var name: String
  /// Where deliveries go.
  public var url: WebhookURL
  /// How they are signed.
  public var scheme: SignatureScheme
  /// The token.
  public var token: WebhookToken
  /// What it listens to.
  public var events: [EventPattern]
  /// Its own headers.
  public var headers: [WebhookHeader]
  /// Its own retry policy.
  public var retry: RetryPolicy?
  /// How long an attempt may take, where it has a limit of its own.
  public var timeout: Duration?
  /// What its connections show to a receiver that asks.
  public var clientCertificate: ClientCertificate?
  /// Whether deliveries begin at once.
  public var isActive: Bool

  /// Makes a draft from its parts.
  public init(
    account: String, name: String, url: WebhookURL, scheme: SignatureScheme, token: WebhookToken,
    events: [EventPattern], headers: [WebhookHeader] = [], retry: RetryPolicy? = nil,
    timeout: Duration? = nil, clientCertificate: ClientCertificate? = nil, isActive: Bool = true
  ) {
    id = UUID().uuidString.lowercased()
    self.account = account
    self.name = name
    self.url = url
    self.scheme = scheme
    self.token = token
    self.events = events
    self.headers = headers
    self.retry = retry
    self.timeout = timeout
    self.clientCertificate = clientCertificate
    self.isActive = isActive
  }
}
