/// How a webhook's `Webhook-Signature` header is made.
public enum SignatureScheme: String, Sendable, CaseIterable {
  /// base64(HMAC-SHA256(token as UTF-8, body)).
  case hmacSHA256 = "hmac-sha256"
  /// Standard Webhooks 1.0, symmetric: `v1,` and an HMAC over `id.timestamp.body`.
  case standard
  /// Standard Webhooks 1.0, asymmetric: `v1a,` and an Ed25519 signature over the same text.
  case standardEd25519 = "standard-ed25519"

  /// Whether `Webhook-Signature` can carry a signature by the previous token beside the current one's.
  public var carriesTwoSignatures: Bool { self != .hmacSHA256 }
}
