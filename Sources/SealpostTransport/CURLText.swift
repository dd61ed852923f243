internal import CCurl

/// A part of a URL that libcurl parsed; nil where the URL has none.
func curlText(of part: CURLUPart, in url: OpaquePointer, _ flags: Int32 = 0) -> String? {
  var found: UnsafeMutablePointer<CChar>?
  guard curl_url_get(url, part, &found, UInt32(flags)) == CURLUE_OK, let found else { return nil }
  defer { curl_free(found) }
  return String(cString: found)
}
