internal import CRabbitMQ

/// `amqps`.
extension BrokerConnection {
  /// A socket with TLS 1.2 or later that checks the broker's certificate and name.
  func secureSocket() throws(BrokerError) -> OpaquePointer? {
    guard let socket = amqp_ssl_socket_new(state) else { return nil }
    func require(_ status: Int32, _ what: String) throws(BrokerError) {
      guard status == AMQP_STATUS_OK.rawValue else {
        throw .badURL(url: "\(url)", why: what)
      }
    }
    let verifies = url.parameters["verify"] != "verify_none"
    amqp_ssl_socket_set_verify_peer(socket, verifies ? 1 : 0)
    amqp_ssl_socket_set_verify_hostname(socket, verifies ? 1 : 0)
    let authorities = url.parameters["cacertfile"] ?? "/etc/ssl/certs/ca-certificates.crt"
    if verifies {
      try require(
        amqp_ssl_socket_set_cacert(socket, authorities),
        "its cacertfile \(authorities) cannot be read as certificates in PEM")
    }
    if let certificate = url.parameters["certfile"], let key = url.parameters["keyfile"] {
      try require(
        amqp_ssl_socket_set_key(socket, certificate, key),
        "its certfile \(certificate) or keyfile \(key) cannot be read as PEM, or they do not belong together"
      )
    }
    try require(
      amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST),
      "this OpenSSL has no TLS 1.2")
    return socket
  }

  /// What may be wrong where a broker hangs up before its first word.
  var tlsHint: String {
    guard url.isSecure else { return "" }
    return url.parameters["certfile"] == nil
      ? " (it may ask for a client certificate: certfile and keyfile in SEALPOST_AMQP_URL)"
      : " (it may not accept the client certificate: certfile in SEALPOST_AMQP_URL)"
  }
}
