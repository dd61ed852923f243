/// Why a text cannot be a webhook's URL.
public enum WebhookURLError: Error, Hashable, Sendable {
  /// More bytes than a URL may have.
  case tooLong
  /// A space, a control character, a non-ASCII one, or one that URLs must escape.
  case badCharacter
  /// Neither http nor https.
  case badScheme
  /// A user or password before the host.
  case hasUser
  /// A `#` part.
  case hasFragment
  /// No host, or one that is neither a name nor a plain address.
  case badHost
  /// No number between 1 and 65535.
  case badPort
  /// The well-known port of a service that does not speak HTTP.
  case forbiddenPort(UInt16)

  /// The stable text id.
  public var id: String {
    switch self {
    case .tooLong: "url_too_long"
    case .badCharacter: "url_bad_character"
    case .badScheme: "url_bad_scheme"
    case .hasUser: "url_has_user"
    case .hasFragment: "url_has_fragment"
    case .badHost: "url_bad_host"
    case .badPort: "url_bad_port"
    case .forbiddenPort: "url_forbidden_port"
    }
  }

  /// What is wrong and how to mend it.
  public var sentence: String {
    switch self {
    case .tooLong: "The URL is longer than \(WebhookURL.maximumBytes) bytes."
    case .badCharacter:
      "The URL has a character that must be escaped: use percent-encoding in the path and punycode (xn--…) in the host."
    case .badScheme: "The URL must begin with https:// or http://."
    case .hasUser: "The URL holds a user name: leave it out and use a header or the token instead."
    case .hasFragment: "The URL has a # part, which is never sent: leave it out."
    case .badHost:
      "The URL's host must be a name, an IPv4 address as four decimal numbers, or an IPv6 address in brackets."
    case .badPort: "The URL's port must be a number from 1 to 65535."
    case .forbiddenPort(let port):
      "Port \(port) belongs to a service that does not speak HTTP: use another port."
    }
  }
}
