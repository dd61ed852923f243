/// A client certificate as somebody gives it, in PEM.
public struct ClientCertificateInput: Sendable {
  /// The client's own certificate first, then those that signed it.
  public var certificate: String
  /// Its private key.
  public var key: String

  /// Makes an input from its parts.
  public init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }
}
