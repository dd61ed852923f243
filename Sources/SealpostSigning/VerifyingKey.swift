internal import COpenSSL
public import SealpostCore

/// The public key of the `standard-ed25519` scheme, which is no secret.
public struct VerifyingKey: Hashable, Sendable {
  static let count = 32
  private static let prefix = "whpk_"

  /// The key as RFC 8032 has it.
  public let bytes: [UInt8]

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// Reads `whpk_` and 32 bytes in base64; nil where the text is none.
  public init?(parsing text: String) {
    guard text.hasPrefix(Self.prefix) else { return nil }
    let decoded = Array(text.utf8.dropFirst(Self.prefix.utf8.count)).withUnsafeBytes {
      Base64.decode($0)
    }
    guard let decoded, decoded.count == Self.count else { return nil }
    bytes = decoded.copy
  }

  /// The keys of a webhook's tokens, the current one's first.
  public static func keys(of webhook: Webhook) -> [VerifyingKey] {
    guard webhook.scheme == .standardEd25519 else { return [] }
    return webhook.tokens.compactMap { try? SigningKeyPair(parsing: $0).publicKey }
  }

  /// As Standard Webhooks writes it.
  public var text: String { Self.prefix + Base64.encode(bytes) }

  /// As JSON Web Keys have it: base64 for URLs, without padding (RFC 8037, section 2).
  public var coordinate: String {
    Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing(
      "=", with: "")
  }

  /// Names the key among those of its webhook: the first 16 hexadecimal digits of its SHA-256.
  public var name: String {
    bytes.withUnsafeBytes { Digest.sha256($0) }.prefix(8)
      .map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  /// Whether a signature of this key's holder over the message is right.
  func verifies(_ signature: [UInt8], _ message: [UInt8]) -> Bool {
    let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count)
    let context = EVP_MD_CTX_new()
    defer {
      EVP_MD_CTX_free(context)
      EVP_PKEY_free(key)
    }
    return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
      && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
  }
}
