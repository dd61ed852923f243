import Foundation
import SealpostCore
import SealpostSigning
import SealpostStore
import Synchronization

/// The public keys of all webhooks that sign with Ed25519, as JSON Web Keys (RFC 7517, RFC 8037).
///
/// Anybody may ask for them, so they are read from the store once in a while, however often that is.
final class PublicKeySet: Sendable {
  private struct Key: Encodable, Sendable {
    let kty = "OKP"
    let crv = "Ed25519"
    let alg = "EdDSA"
    let use = "sig"
    let kid, x: String
  }

  private struct Answer: Encodable {
    let keys: [Key]
  }

  private struct Kept: Sendable {
    let keys: [Key]
    let readAt: ContinuousClock.Instant
  }

  private static let lifetime = Duration.seconds(5)

  private let kept = Mutex<Kept?>(nil)

  /// How a key is called: after its webhook, since a signature does not say by which key it is, and its owner
  /// knows the webhook.
  static func name(_ key: VerifyingKey, of webhook: String) -> String { "\(webhook).\(key.name)" }

  /// The set as JSON.
  ///
  /// - Parameter webhook: only the keys of that webhook.
  func json(from store: any ControlPlane.Store, webhook: String?) async throws -> [UInt8] {
    var keys = try await keys(from: store)
    if let webhook { keys = keys.filter { $0.kid.hasPrefix(webhook + ".") } }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(Answer(keys: keys)))
  }

  private func keys(from store: any ControlPlane.Store) async throws -> [Key] {
    if let kept = kept.withLock({ $0 }), kept.readAt.duration(to: .now) < Self.lifetime {
      return kept.keys
    }
    var filter = WebhookFilter()
    filter.scheme = .standardEd25519
    filter.order = .createdAt
    filter.limit = .max
    let keys = try await store.webhooks(filter).flatMap { webhook in
      VerifyingKey.keys(of: webhook).map {
        Key(kid: Self.name($0, of: webhook.id), x: $0.coordinate)
      }
    }
    kept.withLock { $0 = Kept(keys: keys, readAt: .now) }
    return keys
  }
}
