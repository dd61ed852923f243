/// The key of the `standard` scheme: `whsec_` and 24 to 64 bytes in base64 (Standard Webhooks 1.0).
public struct SigningSecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  let key: [UInt8]

  /// Reads a secret. Missing padding is accepted; the prefix may be left out.
  public init(parsing text: String) throws(SigningError) {
    let encoded = text.hasPrefix("whsec_") ? text.dropFirst(6) : text[...]
    guard !encoded.hasPrefix("wh"), let key = Base64.decode(encoded.utf8),
      (23...64).contains(key.count)
    else { throw .badSecret }
    self.key = key
  }

  /// Makes a new secret of 32 random bytes.
  public static func make() -> String { "whsec_" + Base64.encode(RandomBytes.make(32)) }

  /// Always the same words, never the secret.
  public var description: String { "<redacted secret>" }

  /// Always the same words, never the secret.
  public var debugDescription: String { description }

  /// Without children, so that `dump` shows nothing.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
