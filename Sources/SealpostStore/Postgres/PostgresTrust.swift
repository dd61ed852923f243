/// Why a connection did not come about because one side does not trust the other: waiting mends none of it.
///
/// libpq has no codes for these, only words, which are English as long as nobody sets a locale
/// (fe-secure-openssl.c, fe-secure-common.c, fe-connect.c, and the server's auth.c).
enum PostgresTrust: CaseIterable {
  /// The server's certificate is in another name.
  case otherName
  /// The server's certificate is over, or signed by nobody that we know. libpq does not say which of both.
  case unknownServer
  /// The server has no TLS.
  case noTLS
  /// A file of ours cannot be used.
  case badFile
  /// The server wants another certificate of ours, or one at all.
  case unknownClient

  /// The reason in libpq's words, or nil where they tell of something else.
  init?(_ words: String) {
    let found = Self.allCases.first { $0.signs.contains { words.contains($0) } }
    guard let found else { return nil }
    self = found
  }

  private var signs: [String] {
    switch self {
    case .otherName: ["does not match host name", "host name must be specified for a verified"]
    case .unknownServer: ["certificate verify failed"]
    case .noTLS: ["server does not support SSL"]
    case .badFile:
      [
        "root certificate file", "certificate file \"", "private key file",
        "certificate does not match private key",
      ]
    case .unknownClient:
      [
        "valid client certificate", "certificate authentication failed", "alert unknown ca",
        "alert bad certificate", "alert certificate", "alert unsupported certificate",
      ]
    }
  }

  /// How to mend it.
  var mend: String {
    switch self {
    case .otherName:
      "Write the host in SEALPOST_STORE_URL as the certificate names it, or give the server a certificate of this name."
    case .unknownServer:
      "The server's certificate is over, or signed by nobody in the file of sslrootcert: renew it, or correct sslrootcert in SEALPOST_STORE_URL."
    case .noTLS:
      "Switch ssl on at the server, or set sslmode=disable in SEALPOST_STORE_URL where the network itself is safe."
    case .badFile:
      "Let sslrootcert, sslcert and sslkey in SEALPOST_STORE_URL name PEM files that belong together, the key's of this user with the mode 0600."
    case .unknownClient:
      "Let sslcert and sslkey in SEALPOST_STORE_URL name a certificate that is in the database user's name and signed by an authority of the server's ssl_ca_file."
    }
  }
}
