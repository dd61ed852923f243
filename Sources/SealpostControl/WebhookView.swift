public import SealpostCore

/// A webhook as JSON.
public struct WebhookView: Encodable, Sendable {
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
  let healthSince: String?
  let token: String?
  let createdAt, updatedAt: String

  /// The view of a webhook; with its token only for the answers that may hold it.
  public init(_ webhook: Webhook, token: WebhookToken? = nil) {
    id = webhook.id
    account = webhook.account
    name = webhook.name
    url = webhook.url.text
    scheme = webhook.scheme.rawValue
    events = webhook.events.map(\.text)
    headers = Dictionary(webhook.headers.map { ($0.name, $0.value) }) { $1 }
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
    healthSince = webhook.healthSince?.iso8601
    self.token = token?.clearText
    createdAt = webhook.createdAt.iso8601
    updatedAt = webhook.updatedAt.iso8601
  }
}
