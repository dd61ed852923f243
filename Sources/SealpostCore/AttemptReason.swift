/// Why an attempt did not deliver: a stable number for the log, a stable text for machines and
/// metrics, a sentence for people.
public struct AttemptReason: Hashable, Sendable {
  /// What rows of the log hold: the status code itself for answers, 1000 and up for the rest.
  public let code: Int

  private init(_ code: Int) { self.code = code }

  /// The receiver answered with that status.
  public static func http(_ status: Int) -> AttemptReason {
    AttemptReason(min(max(status, 1), 999))
  }

  /// The host's name does not exist.
  public static let dnsNotFound = AttemptReason(1001)
  /// The name could not be looked up.
  public static let dnsFailed = AttemptReason(1002)
  /// The look-up took too long.
  public static let resolverSlow = AttemptReason(1003)
  /// Nobody listens at the address.
  public static let connectRefused = AttemptReason(1004)
  /// No connection within the limit.
  public static let connectTimeout = AttemptReason(1005)
  /// The address cannot be reached.
  public static let connectFailed = AttemptReason(1006)
  /// The receiver's certificate has expired.
  public static let tlsExpired = AttemptReason(1007)
  /// The receiver's certificate is for another host.
  public static let tlsWrongHost = AttemptReason(1008)
  /// The receiver's certificate is of nobody we trust.
  public static let tlsUntrusted = AttemptReason(1009)
  /// The TLS handshake failed.
  public static let tlsFailed = AttemptReason(1010)
  /// The connection broke.
  public static let connectionReset = AttemptReason(1011)
  /// The connection was closed without an answer.
  public static let emptyResponse = AttemptReason(1012)
  /// No whole answer within the limit.
  public static let responseTimeout = AttemptReason(1013)
  /// The answer's body was larger than the limit.
  public static let responseTooLarge = AttemptReason(1014)
  /// The answer's head was larger than the limit.
  public static let responseHeadersTooLarge = AttemptReason(1015)
  /// The answer was not HTTP.
  public static let badResponse = AttemptReason(1016)
  /// The egress policy forbids the address.
  public static let blockedAddress = AttemptReason(1017)
  /// The webhook was deleted.
  public static let webhookDeleted = AttemptReason(1018)
  /// Sealpost could not make the request.
  public static let internalError = AttemptReason(1019)
  /// The receiver wants a client certificate, or another one.
  public static let tlsClientCertificate = AttemptReason(1020)
  /// Only https is allowed.
  public static let httpsRequired = AttemptReason(1021)
  /// The outbound proxy could not be reached.
  public static let proxyFailed = AttemptReason(1022)
  /// The outbound proxy did not connect us to the receiver.
  public static let proxyRefused = AttemptReason(1023)

  /// The reason that a row of the log holds, or nil.
  public init?(code: Int) {
    guard (1...999).contains(code) || Self.texts[code] != nil else { return nil }
    self.code = code
  }

  /// The reason of that text id, or nil.
  public init?(id: String) {
    if let known = Self.texts.first(where: { $0.value.id == id }) {
      code = known.key
    } else if id.hasPrefix("http_"), let status = Int(id.dropFirst(5)), (100...999).contains(status)
    {
      code = status
    } else {
      return nil
    }
  }

  /// The stable text id, such as `http_500` or `dns_not_found`.
  public var id: String { Self.texts[code]?.id ?? "http_\(code)" }

  /// What happened, for people.
  public var sentence: String {
    Self.texts[code]?.sentence ?? "The receiver answered with status \(code)."
  }

  private static let texts: [Int: (id: String, sentence: String)] = [
    1001: ("dns_not_found", "The host's name does not exist."),
    1002: ("dns_failed", "The host's name could not be looked up."),
    1003: ("resolver_slow", "Looking up the host's name took too long."),
    1004: ("connect_refused", "Nobody listens at the receiver's address and port."),
    1005: ("connect_timeout", "The receiver did not accept a connection in time."),
    1006: ("connect_failed", "The receiver's address cannot be reached."),
    1007: ("tls_expired", "The receiver's certificate has expired."),
    1008: ("tls_wrong_host", "The receiver's certificate is for another host."),
    1009: ("tls_untrusted", "The receiver's certificate is not signed by anybody we trust."),
    1010: ("tls_failed", "The TLS handshake with the receiver failed."),
    1011: ("connection_reset", "The receiver broke the connection off."),
    1012: ("empty_response", "The receiver closed the connection without an answer."),
    1013: ("response_timeout", "The receiver did not answer in time."),
    1014: ("response_too_large", "The receiver's answer was larger than is read."),
    1015: (
      "response_headers_too_large", "The head of the receiver's answer was larger than is read."
    ),
    1016: ("bad_response", "The receiver's answer was not HTTP."),
    1017: (
      "blocked_address", "The receiver's address is private or reserved and may not be reached."
    ),
    1018: ("webhook_deleted", "The webhook was deleted before the delivery."),
    1019: ("internal_error", "Sealpost could not make the request."),
    1020: (
      "tls_client_certificate",
      "The receiver asks for a client certificate that it trusts: the webhook has none, or another one."
    ),
    1021: ("https_required", "Only https is allowed here, and the webhook's URL is http."),
    1022: ("proxy_failed", "The outbound proxy could not be reached or used."),
    1023: ("proxy_refused", "The outbound proxy did not connect us to the receiver."),
  ]
}
