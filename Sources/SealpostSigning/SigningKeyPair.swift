internal import COpenSSL
public import SealpostCore

/// The keys of the `standard-ed25519` scheme: `whsk_` and in base64 the 32 bytes of the seed with the 32 of
/// the public key behind them, which is given away as `whpk_` (Standard Webhooks 1.0; Ed25519 is RFC 8032).
public struct SigningKeyPair: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  private static let seedBytes = 32
  private static let prefix = Array("whsk_".utf8)

  let seed: SecretBytes
  /// What receivers verify with.
  public let publicKey: VerifyingKey

  /// Reads a pair.
  ///
  /// - Throws: `badKeyPair` where it is none, or its public key is another seed's.
  public init(parsing token: WebhookToken) throws(SigningError) {
    let pair = token.bytes.withUnsafeBytes { text -> SecretBytes? in
      guard text.starts(with: Self.prefix) else { return nil }
      return Base64.decode(UnsafeRawBufferPointer(rebasing: text.dropFirst(Self.prefix.count)))
    }
    guard let pair, pair.count == 2 * Self.seedBytes else { throw .badKeyPair }
    seed = pair.withUnsafeBytes { SecretBytes($0.prefix(Self.seedBytes)) }
    publicKey = try Self.publicKey(of: seed)
    let written = pair.withUnsafeBytes { Array($0.suffix(Self.seedBytes)) }
    guard publicKey.bytes == written else { throw .badKeyPair }
  }

  /// Makes a new pair from 32 random bytes.
  public static func make() throws(SigningError) -> WebhookToken {
    let seed = RandomBytes.make(seedBytes)
    let key = try publicKey(of: SecretBytes(seed))
    return WebhookToken("whsk_" + Base64.encode(seed + key.bytes))
  }

  private static func publicKey(of seed: SecretBytes) throws(SigningError) -> VerifyingKey {
    let key = seed.withUnsafeBytes {
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, $0.bytes, $0.count)
    }
    guard let key else { throw .openSSL("no Ed25519 key") }
    defer { EVP_PKEY_free(key) }
    var bytes = [UInt8](repeating: 0, count: VerifyingKey.count)
    var count = bytes.count
    guard EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1, count == bytes.count else {
      throw .openSSL("no Ed25519 public key")
    }
    return VerifyingKey(bytes: bytes)
  }

  /// Always the same words, never the keys.
  public var description: String { "<redacted key pair>" }

  /// Always the same words, never the keys.
  public var debugDescription: String { description }

  /// Without children, so that `dump` shows nothing.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
