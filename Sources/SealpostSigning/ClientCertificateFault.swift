public import SealpostCore

/// Why a client certificate is not taken. Never holds any part of the key.
public enum ClientCertificateFault: Error, Hashable, Sendable {
  /// More text than a certificate has.
  case tooLong
  /// No certificate in PEM, or one that cannot be read.
  case badCertificate
  /// More certificates than lead to an authority.
  case tooManyCertificates
  /// No private key in PEM, or one that cannot be read.
  case badKey
  /// A key that needs a passphrase.
  case encryptedKey
  /// The key is another certificate's.
  case mismatch
  /// A key that TLS does not take any more.
  case weakKey
  /// Its time is over.
  case expired(Timestamp)
  /// Its time has not come.
  case notYetValid(Timestamp)

  /// What is wrong and how to mend it.
  public var sentence: String {
    switch self {
    case .tooLong:
      "Certificate and key may have \(ClientCertificate.maximumBytes) bytes each: give only what belongs to them."
    case .badCertificate:
      "The certificate is not in PEM: it begins with -----BEGIN CERTIFICATE----- and is given whole, those that signed it after it."
    case .tooManyCertificates:
      "There are more than \(ClientCertificate.maximumCertificates) certificates: give the client's own and those that lead from it to its authority."
    case .badKey:
      "The key is not in PEM: it begins with -----BEGIN PRIVATE KEY----- and is given whole."
    case .encryptedKey:
      "The key needs a passphrase: give it without, as `openssl pkey` writes it. It is encrypted in the store."
    case .mismatch:
      "The key does not belong to the certificate: give the client's own certificate first, and the key that it was made with."
    case .weakKey:
      "The key is too weak for TLS: use RSA of 2048 bits or more, or a curve such as P-256."
    case .expired(let time): "The certificate expired at \(time.iso8601): give a new one."
    case .notYetValid(let time):
      "The certificate holds only from \(time.iso8601) on: give one that holds now."
    }
  }
}
