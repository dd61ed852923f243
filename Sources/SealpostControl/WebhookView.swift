public import SealpostCore
import SealpostSigning

/// A webhook as JSON.
public struct WebhookView: Encodable, Sendable {
  /// What stands for the value of a header: values may be credentials.
  public static let hiddenValue = "<hidden>"

  /// A key that receivers verify with.
  struct PublicKey: Encodable, Sendable {
    let kid, key: String
  }

  /// Its own retry policy, where it has one.
  struct Retry: Encodable, Sendable {
    let initialSeconds, factor, maximumSeconds: Double
    let maximumAttempts: Int
  }

  /// Its client certificate, where it has one. The key is never shown.
  struct Certificate: Encodable, Sendable {
    let subject, expiresAt: String
  }

  let id, account, name, url, scheme: String
  let events: [String]
  let headers: [String: String]
  let retry: Retry?
  let timeout: Double?
  let clientCertificate: Certificate?
  let active, paused: Bool
  let status, health: String
  let fault: String?
  let healthSince: String?
  let token: String?
  let publicKeys: [PublicKey]?
  let createdAt, updatedAt: String

  /// The view of a webhook; with its token and the values of its headers only for the answers that may hold
  /// them.
  public init(_ webhook: Webhook, token: WebhookToken? = nil, headers shown: [WebhookHeader]? = nil)
  {
    id = webhook.id
    account = webhook.account
    name = webhook.name
    url = webhook.url.text
    scheme = webhook.scheme.rawValue
    events = webhook.events.map(\.text)
    headers = Dictionary(
      shown?.map { ($0.name, $0.value) } ?? webhook.headers.map { ($0.name, Self.hiddenValue) }
    ) { $1 }
    retry = webhook.retry.map {
      Retry(
        initialSeconds: $0.initial / .seconds(1), factor: $0.factor,
        maximumSeconds: $0.maximumDelay / .seconds(1), maximumAttempts: $0.maximumAttempts)
    }
    timeout = webhook.timeout.map { $0 / .seconds(1) }
    clientCertificate = webhook.clientCertificate.map {
      Certificate(subject: $0.subject, expiresAt: $0.expiresAt.iso8601)
    }
    active = webhook.isActive
    paused = webhook.isPaused
    status = webhook.status
    health = webhook.health.rawValue
    fault = webhook.fault
    healthSince = webhook.healthSince?.iso8601
    self.token = token?.clearText
    let keys = VerifyingKey.keys(of: webhook)
    publicKeys =
      keys.isEmpty
      ? nil : keys.map { PublicKey(kid: PublicKeySet.name($0, of: webhook.id), key: $0.text) }
    createdAt = webhook.createdAt.iso8601
    updatedAt = webhook.updatedAt.iso8601
  }
}
