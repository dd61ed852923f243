internal import CCurl
import Glibc

/// A proxy that every request goes through. Only a setting of the operator names one, never the environment.
///
/// It is asked for a tunnel to the receiver's name (HTTP CONNECT, RFC 9110, section 9.3.6, or SOCKS 5,
/// RFC 1928), also for `http`, and looks the name up. Prints itself without user and password.
public struct EgressProxy: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// Why a text is no proxy. Holds nothing of it: it may have a password.
  public struct ParseError: Error, Sendable {
    /// What is wrong and how to mend it.
    public let sentence =
      "give scheme, host and port, such as http://proxy.example.com:3128, https://… or socks5h://…, with user:password@ before the host where it asks for them, percent-encoded"
  }

  enum Kind: String { case http, https, socks5h }

  let kind: Kind
  /// Scheme, host and port as libcurl takes them.
  let address: String
  let user: String?
  let password: String?

  /// Reads a proxy's URL.
  public init(parsing text: String) throws(ParseError) {
    guard let url = curl_url() else { throw ParseError() }
    defer { curl_url_cleanup(url) }
    func part(_ part: CURLUPart, _ flags: Int32 = 0) -> String? {
      curlText(of: part, in: url, flags)
    }
    func credential(_ name: CURLUPart) throws(ParseError) -> String? {
      guard part(name) != nil else { return nil }
      guard let clear = part(name, CURLU_URLDECODE) else { throw ParseError() }
      return clear
    }
    guard
      curl_url_set(url, CURLUPART_URL, text, UInt32(CURLU_NON_SUPPORT_SCHEME)) == CURLUE_OK,
      let kind = part(CURLUPART_SCHEME).flatMap(Kind.init), let host = part(CURLUPART_HOST),
      !host.isEmpty, let port = part(CURLUPART_PORT), part(CURLUPART_PATH) ?? "/" == "/",
      part(CURLUPART_QUERY) == nil, part(CURLUPART_FRAGMENT) == nil
    else { throw ParseError() }
    self.kind = kind
    address = "\(kind.rawValue)://\(host):\(port)"
    user = try credential(CURLUPART_USER)
    password = try credential(CURLUPART_PASSWORD)
  }

  /// Scheme, host and port, never user and password.
  public var description: String { address }

  /// Scheme, host and port, never user and password.
  public var debugDescription: String { address }

  /// Without children, so that `dump` shows nothing.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
