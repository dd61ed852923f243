import Foundation
import SealpostCore
import SealpostSigning

/// The columns of a webhook's row.
struct StoredWebhook {
  let key: Int64
  let id: String
  let account: String
  let name: String
  let url: String
  let scheme: String
  let token: [UInt8]
  let previousToken: [UInt8]?
  let events: String
  let sealedHeaders: [UInt8]?
  let retry: String?
  let timeout: Int64?
  let clientChain: String?
  let clientKey: [UInt8]?
  let clientSubject: String?
  let clientExpiresAt: Int64?
  let isActive: Bool
  let isPaused: Bool
  let health: String
  let healthSince: Int64?
  let revision: Int64
  let createdAt: Int64
  let updatedAt: Int64

  /// The webhook. One whose token or headers no key opens is left without tokens: its deliveries are parked.
  func webhook(_ box: SecretBox) throws -> Webhook {
    var tokens = [token, previousToken].compactMap { $0 }.map { sealed in
      (try? box.open(sealed, context: SQLiteStore.context(ofToken: id)))
        .map { WebhookToken(bytes: $0) }
    }
    let headers = try? openHeaders(box)
    if headers == nil || tokens.first == .some(nil) { tokens = [] }
    return Webhook(
      key: key, id: id, account: account, name: name, url: try WebhookURL(parsing: url),
      scheme: SignatureScheme(rawValue: scheme) ?? .hmacSHA256, tokens: tokens.compactMap { $0 },
      events: try events.split(separator: ",").map { try EventPattern(parsing: String($0)) },
      headers: headers ?? [], isActive: isActive, isPaused: isPaused,
      health: WebhookHealth(rawValue: health) ?? .healthy,
      healthSince: healthSince.map { Timestamp(nanoseconds: $0) },
      retry: try retry.map {
        try JSONDecoder().decode(StoredRetry.self, from: Data($0.utf8)).policy
      },
      timeout: timeout.map { .nanoseconds($0) }, clientCertificate: clientCertificate(box),
      revision: revision, createdAt: Timestamp(nanoseconds: createdAt),
      updatedAt: Timestamp(nanoseconds: updatedAt))
  }

  private func openHeaders(_ box: SecretBox) throws -> [WebhookHeader] {
    guard let sealedHeaders else { return [] }
    let clear = try box.open(sealedHeaders, context: SQLiteStore.context(ofHeaders: id))
    return try JSONDecoder().decode([[String]].self, from: Data(clear.copy)).map {
      try WebhookHeader(name: $0[0], value: $0[1])
    }
  }

  /// A key that cannot be decrypted leaves it without.
  private func clientCertificate(_ box: SecretBox) -> ClientCertificate? {
    guard let clientChain, let clientSubject, let clientExpiresAt else { return nil }
    let key = clientKey.flatMap { sealed in
      try? box.open(sealed, context: SQLiteStore.context(ofClientKey: id))
    }
    return ClientCertificate(
      chain: clientChain, privateKey: key, subject: clientSubject,
      expiresAt: Timestamp(nanoseconds: clientExpiresAt))
  }

  static func text(_ events: [EventPattern]) -> String {
    events.map(\.text).joined(separator: ",")
  }

  static func text(_ retry: RetryPolicy) throws -> String {
    String(decoding: try JSONEncoder().encode(StoredRetry(retry)), as: UTF8.self)
  }
}

extension Webhook {
  /// This webhook with what a change says, but for its tokens.
  func applying(_ change: WebhookChange) -> Webhook {
    var webhook = self
    webhook.name = change.name ?? name
    webhook.url = change.url ?? url
    webhook.scheme = change.scheme ?? scheme
    webhook.events = change.events ?? events
    webhook.headers = change.headers ?? headers
    webhook.retry = change.retry ?? retry
    webhook.timeout = change.timeout ?? timeout
    webhook.isActive = change.isActive ?? isActive
    webhook.isPaused = change.isPaused ?? isPaused
    if let health = change.health, health != self.health {
      webhook.health = health
      webhook.healthSince = .now()
    }
    return webhook
  }
}
