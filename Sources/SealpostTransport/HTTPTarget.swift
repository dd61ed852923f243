internal import CCurl
import SealpostCore

/// A webhook's URL as libcurl holds it, parsed once, and its own headers. Belongs to one engine and its
/// thread.
public final class HTTPTarget {
  /// The parsed URL (`CURLU`), freed with the target: requests hold the target for as long as they use
  /// it.
  let handle: OpaquePointer
  /// What every head begins with: path and query, version, and `Host`, each with its end.
  let opening: [UInt8]
  /// The owner's headers as they stand in a request, each after a line break.
  let headers: [UInt8]
  /// How long a request may take, in milliseconds.
  let timeout: Int
  /// What its connections show to a receiver that asks for a certificate.
  let clientCertificate: ClientCertificate?
  /// Whether it is `https`.
  let isSecure: Bool
  /// Whether the host must be looked up.
  let hasName: Bool
  /// Whether its host is a literal address that the egress policy forbids. For requests through a proxy,
  /// whose sockets do not tell.
  let isForbidden: Bool

  convenience init(
    url: WebhookURL, headers: [WebhookHeader], timeout: Duration,
    clientCertificate: ClientCertificate?, isForbidden: Bool
  ) throws(TransportError) {
    try self.init(
      text: url.text, isSecure: url.isSecure, hasName: IPAddress(url.host) == nil, headers: headers,
      timeout: timeout, clientCertificate: clientCertificate, isForbidden: isForbidden)
  }

  /// Takes a text that nobody has checked.
  init(
    text: String, isSecure: Bool, hasName: Bool, headers: [WebhookHeader] = [], timeout: Duration,
    clientCertificate: ClientCertificate? = nil, isForbidden: Bool = false
  ) throws(TransportError) {
    guard let handle = curl_url() else { throw .setUp("no memory for a URL") }
    let code = curl_url_set(handle, CURLUPART_URL, text, UInt32(CURLU_DISALLOW_USER))
    guard code == CURLUE_OK else {
      curl_url_cleanup(handle)
      throw .badURL(code: Int(code.rawValue))
    }
    self.handle = handle
    opening = Array(Self.opening(handle).utf8)
    self.headers = headers.flatMap { Array("\r\n\($0.name): \($0.value)".utf8) }
    self.timeout = Int(timeout.nanoseconds / 1_000_000)
    self.clientCertificate = clientCertificate
    self.isForbidden = isForbidden
    self.isSecure = isSecure
    self.hasName = hasName
  }

  deinit { curl_url_cleanup(handle) }

  /// As libcurl itself would write it (RFC 9112, section 3.2).
  private static func opening(_ url: OpaquePointer) -> String {
    let path = curlText(of: CURLUPART_PATH, in: url) ?? "/"
    let query = curlText(of: CURLUPART_QUERY, in: url).map { "?" + $0 } ?? ""
    let host = curlText(of: CURLUPART_HOST, in: url) ?? ""
    let port = curlText(of: CURLUPART_PORT, in: url, CURLU_NO_DEFAULT_PORT).map { ":" + $0 } ?? ""
    return "\(path)\(query) HTTP/1.1\r\nHost: \(host)\(port)\r\n"
  }
}
