internal import CCurl
public import SealpostCore

/// A webhook's URL as libcurl holds it, parsed once, and its own headers. Belongs to one engine and its
/// thread.
public final class HTTPTarget {
  /// The URL.
  public let url: WebhookURL

  /// The parsed URL (`CURLU`), freed with the target: requests hold the target for as long as they use
  /// it.
  let handle: OpaquePointer
  /// The owner's headers as they stand in a request, each after a line break.
  let headers: [UInt8]
  /// How long a request may take, in milliseconds.
  let timeout: Int
  /// What its connections show to a receiver that asks for a certificate.
  let clientCertificate: ClientCertificate?
  /// Whether the host must be looked up.
  let hasName: Bool

  init(
    url: WebhookURL, headers: [WebhookHeader], timeout: Duration,
    clientCertificate: ClientCertificate?
  ) throws(TransportError) {
    guard let handle = curl_url() else { throw .setUp("no memory for a URL") }
    let code = curl_url_set(handle, CURLUPART_URL, url.text, UInt32(CURLU_DISALLOW_USER))
    guard code == CURLUE_OK else {
      curl_url_cleanup(handle)
      throw .badURL(code: Int(code.rawValue))
    }
    self.url = url
    self.handle = handle
    self.headers = headers.flatMap { Array("\r\n\($0.name): \($0.value)".utf8) }
    self.timeout = Int(timeout.nanoseconds / 1_000_000)
    self.clientCertificate = clientCertificate
    self.hasName = IPAddress(url.host) == nil
  }

  deinit { curl_url_cleanup(handle) }
}
