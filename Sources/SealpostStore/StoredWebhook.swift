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

  /// The webhook. One whose token or headers no key opens is left without tokens, one whose settings cannot be
  /// read has a fault: the deliveries of both are parked.
  func webhook(_ box: SecretBox) -> Webhook {
    var tokens = [token, previousToken].compactMap { $0 }.map { sealed in
      (try? box.open(sealed, context: SQLiteStore.context(ofToken: id)))
        .map { WebhookToken(bytes: $0) }
    }
    let headers = sealedHeaders.flatMap { sealed in
      try? box.open(sealed, context: SQLiteStore.context(ofHeaders: id))
    }
    if sealedHeaders != nil && headers == nil || tokens.first == .some(nil) { tokens = [] }
    var settings = StoredSettings()
    var webhook = Webhook(
      key: key, id: id, account: account, name: name, url: settings.url(url),
      scheme: settings.scheme(scheme), tokens: tokens.compactMap { $0 },
      events: settings.events(events), headers: settings.headers(headers),
      isActive: isActive, isPaused: isPaused, health: WebhookHealth(rawValue: health) ?? .healthy,
      healthSince: healthSince.map { Timestamp(nanoseconds: $0) }, retry: settings.retry(retry),
      timeout: timeout.map { .nanoseconds($0) }, clientCertificate: clientCertificate(box),
      revision: revision, createdAt: Timestamp(nanoseconds: createdAt),
      updatedAt: Timestamp(nanoseconds: updatedAt))
    if let fault = settings.fault { webhook.fault = fault }
    return webhook
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
