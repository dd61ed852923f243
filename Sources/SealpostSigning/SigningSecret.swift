public import SealpostCore

/// The key of the `standard` scheme: `whsec_` and 24 to 64 bytes in base64 (Standard Webhooks 1.0).
public struct SigningSecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  private static let prefix = Array("whsec_".utf8)

  let key: SecretBytes

  /// Reads a secret. Missing padding is accepted; the prefix may be left out.
  public init(parsing token: WebhookToken) throws(SigningError) {
    let key = token.bytes.withUnsafeBytes { text -> SecretBytes? in
      let encoded = text.starts(with: Self.prefix) ? text.dropFirst(Self.prefix.count) : text[...]
      guard !encoded.starts(with: "wh".utf8) else { return nil }
      return Base64.decode(UnsafeRawBufferPointer(rebasing: encoded))
    }
    guard let key, (23...64).contains(key.count) else { throw .badSecret }
    self.key = key
  }

  /// Makes a new secret of 32 random bytes.
  public static func make() -> WebhookToken {
    WebhookToken("whsec_" + Base64.encode(RandomBytes.make(32)))
  }

  /// Always the same words, never the secret.
  public var description: String { "<redacted secret>" }

  /// Always the same words, never the secret.
  public var debugDescription: String { description }

  /// Without children, so that `dump` shows nothing.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
