/// A webhook's signing token as its owner gave it, in clear text.
///
/// Prints itself redacted, so that no log line or error can carry it by accident.
public struct WebhookToken: Hashable, Sendable, CustomStringConvertible,
  CustomDebugStringConvertible, CustomReflectable
{
  /// The clear text. Read it only to sign, to seal, or to answer an owner who asked for it.
  public let clearText: String

  /// Wraps a token.
  public init(_ clearText: String) { self.clearText = clearText }

  /// Always the same words, never the token.
  public var description: String { "<redacted token>" }

  /// Always the same words, never the token.
  public var debugDescription: String { description }

  /// Without children, so that `dump` shows nothing.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
