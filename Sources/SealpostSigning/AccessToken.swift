internal import COpenSSL
internal import SealpostCore

/// A token of the API: `sp_`, a public identity, and 256 random bits, both in hexadecimal digits.
///
/// The identity finds the row that holds the hash of the whole; the secret part is nowhere but with its
/// holder. Prints itself redacted; its memory is wiped when nobody holds it any more.
public struct AccessToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  private static let prefix = "sp_"
  private static let identityBytes = 8
  private static let secretBytes = 32

  /// The public part, by which a token is listed and revoked.
  public let id: String
  private let bytes: SecretBytes

  /// The whole token, a copy that nobody wipes: shown once to whoever asked for it.
  public var clearText: String { bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }

  /// Makes a new token.
  public static func make() -> AccessToken {
    let id = hexadecimal(RandomBytes.make(identityBytes))
    return AccessToken(
      id: id, clearText: "\(prefix)\(id)_\(hexadecimal(RandomBytes.make(secretBytes)))")
  }

  private init(id: String, clearText: String) {
    self.id = id
    bytes = SecretBytes(clearText.utf8)
  }

  /// Reads a token; nil where the text has not the form of one.
  public init?(parsing text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
    guard text.hasPrefix(Self.prefix), parts.count == 3,
      parts[1].count == Self.identityBytes * 2, parts[2].count == Self.secretBytes * 2,
      (Array(parts[1]) + Array(parts[2])).allSatisfy({
        (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
      })
    else { return nil }
    id = String(decoding: parts[1], as: UTF8.self)
    bytes = SecretBytes(text.utf8)
  }

  /// What the store keeps instead of the token. It has 256 random bits, so a fast hash is enough.
  public var hash: [UInt8] { bytes.withUnsafeBytes { Digest.sha256($0) } }

  /// Whether a stored hash is this token's, compared in constant time.
  public func matches(hash stored: [UInt8]) -> Bool {
    let own = hash
    return own.count == stored.count && CRYPTO_memcmp(own, stored, own.count) == 0
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Always the same words, never the token.
  public var description: String { "<redacted access token>" }

  /// Always the same words, never the token.
  public var debugDescription: String { description }

  /// Without children, so that `dump` shows nothing.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
