import CCurl
import Glibc

@testable import SealpostBroker
@testable import SealpostCore

/// A URL that is accepted means the same host and port to libcurl, which dials it.
func fuzzURL(_ input: UnsafeRawBufferPointer) {
  guard let text = text(input), let url = try? WebhookURL(parsing: text) else { return }
  guard let handle = curl_url() else { return }
  defer { curl_url_cleanup(handle) }
  let code = curl_url_set(handle, CURLUPART_URL, url.text, UInt32(CURLU_DISALLOW_USER))
  // What libcurl refuses is never dialled: curl_url_set fails when the lane meets the webhook.
  guard code == CURLUE_OK else { return }
  expect(part(handle, CURLUPART_USER) == nil, "no user in \(text)")
  expect(
    part(handle, CURLUPART_SCHEME) == (url.isSecure ? "https" : "http"), "the scheme of \(text)")
  let port = part(handle, CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT))
  expect(port == "\(url.port)", "the port of \(text), \(port ?? "none") to libcurl")
  let host = part(handle, CURLUPART_HOST)?.lowercased() ?? ""
  expect(same(host, url.host), "the host of \(text), \(host) to libcurl, \(url.host) to us")
}

private func part(_ handle: OpaquePointer, _ part: CURLUPart, _ flags: UInt32 = 0) -> String? {
  var value: UnsafeMutablePointer<CChar>?
  guard curl_url_get(handle, part, &value, flags) == CURLUE_OK, let value else { return nil }
  defer { curl_free(value) }
  return String(cString: value)
}

/// libcurl writes IPv6 in brackets and in its shortest form.
private func same(_ theirs: String, _ ours: String) -> Bool {
  guard theirs.hasPrefix("[") else { return theirs == ours }
  var (one, other) = (in6_addr(), in6_addr())
  guard inet_pton(AF_INET6, String(theirs.dropFirst().dropLast()), &one) == 1,
    inet_pton(AF_INET6, ours, &other) == 1
  else { return false }
  return memcmp(&one, &other, MemoryLayout<in6_addr>.size) == 0
}

/// A password is in no description and no error, whatever stands around it.
func fuzzBrokerURL(_ input: UnsafeRawBufferPointer) {
  let secret = "s3cretWORD"
  guard let rest = text(input), !rest.contains(secret) else { return }
  for text in [
    "amqp://user:\(secret)@\(rest)", "amqps://u:\(secret)\(rest)", "\(rest):\(secret)@host/v", rest,
  ] {
    do throws(BrokerError) {
      for url in try BrokerURL.list(text) {
        // Where the text around it moves the mark, it is no password any more.
        if url.password.contains(secret) {
          var dumped = ""
          dump(url, to: &dumped)
          expect(
            !"\(url)\(dumped)\(String(reflecting: url))".contains(secret), "no password of \(text)")
        }
        expect((1...65535).contains(url.port) && !url.host.isEmpty, "host and port of \(text)")
      }
    } catch {
      expect(!error.sentence.contains(secret), "no password in: \(error.sentence)")
    }
  }
}
