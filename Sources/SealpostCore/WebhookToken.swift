/// A webhook's signing token as its owner gave it, in clear text.
///
/// Prints itself redacted, so that no log line or error can carry it by accident; its memory is wiped when
/// nobody holds it any more.
public struct WebhookToken: Equatable, Sendable, CustomStringConvertible,
  CustomDebugStringConvertible, CustomReflectable
{
  /// The text's UTF-8, to sign and to seal with.
  public let bytes: SecretBytes

  /// Wraps a token.
  public init(_ clearText: String) { bytes = SecretBytes(clearText.utf8) }

  /// Wraps a token's UTF-8.
  public init(bytes: SecretBytes) { self.bytes = bytes }

  /// The clear text, a copy that nobody wipes: only to answer an owner who asked for it.
  public var clearText: String { bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }

  /// Always the same words, never the token.
  public var description: String { "<redacted token>" }

  /// Always the same words, never the token.
  public var debugDescription: String { description }

  /// Without children, so that `dump` shows nothing.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
