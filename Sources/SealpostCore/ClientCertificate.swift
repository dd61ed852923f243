/// What a webhook's connections show of themselves where its receiver asks for it (mutual TLS): a certificate,
/// those that lead from it to an authority, and its private key.
///
/// Prints itself without the key, so that no log line or error can carry it by accident.
public struct ClientCertificate: Hashable, Sendable, CustomStringConvertible,
  CustomDebugStringConvertible, CustomReflectable
{
  /// The certificate first, then those that signed it, in PEM (RFC 7468).
  public let chain: String
  /// The private key in PEM, in clear text; nil where the stored one could not be decrypted. Read it only to
  /// hand it to the transport or to seal it.
  public let privateKey: SecretBytes?
  /// Whom the certificate names, such as `CN=sealpost,O=Example`.
  public let subject: String
  /// Until when it holds.
  public let expiresAt: Timestamp

  /// Makes one from parts that belong together.
  public init(chain: String, privateKey: SecretBytes?, subject: String, expiresAt: Timestamp) {
    self.chain = chain
    self.privateKey = privateKey
    self.subject = subject
    self.expiresAt = expiresAt
  }

  /// By the certificate: a key belongs to it.
  public func hash(into hasher: inout Hasher) { hasher.combine(chain) }

  /// Whom it names, never the key.
  public var description: String { "<client certificate of \(subject)>" }

  /// Whom it names, never the key.
  public var debugDescription: String { description }

  /// Without children, so that `dump` shows nothing.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
