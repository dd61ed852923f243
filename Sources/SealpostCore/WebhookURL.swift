/// The address that a webhook's deliveries go to. One that was parsed is well formed; whether its address
/// may be reached is the egress policy's to say, when the connection is made.
public struct WebhookURL: Hashable, Sendable {
  /// The URL as it was given.
  public let text: String
  /// Whether it is `https`.
  public let isSecure: Bool
  /// The host: a name in lower case, dotted-decimal IPv4, or IPv6 without its brackets.
  public let host: String
  /// The port, given or of the scheme.
  public let port: UInt16
  /// The path and query, beginning with a slash.
  public let target: String

  /// The longest URL, in bytes.
  public static let maximumBytes = 2048

  /// Reads an absolute `http` or `https` URL (RFC 3986), strictly: no user, no fragment, ASCII only,
  /// and no spelling of an address that readers disagree about.
  public init(parsing text: String) throws(WebhookURLError) {
    guard text.utf8.count <= Self.maximumBytes else { throw .tooLong }
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"\\\"<>^`{|}".utf8.contains($0) })
    else { throw .badCharacter }
    let rest: Substring
    if text.lowercased().hasPrefix("https://") {
      isSecure = true
      rest = text.dropFirst(8)
    } else if text.lowercased().hasPrefix("http://") {
      isSecure = false
      rest = text.dropFirst(7)
    } else {
      throw .badScheme
    }
    let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
    let authority = rest[..<end]
    let target = rest[end...]
    guard !target.contains("#") else { throw .hasFragment }
    guard !authority.contains("@") else { throw .hasUser }
    let parts = try Self.split(authority)
    host = parts.host
    port = try Self.port(parts.port, isSecure: isSecure)
    self.text = text
    self.target = target.hasPrefix("/") ? String(target) : "/" + target
  }

  /// What stands for a stored text that is no URL, so that it can be shown and mended. Nothing is ever sent to it:
  /// its webhook has a fault.
  public init(unusable text: String) {
    self.text = text
    isSecure = true
    host = ""
    port = 0
    target = "/"
  }

  /// The URL without its query, for lists and notices: the query may hold secrets.
  public var withoutQuery: String { String(text.prefix { $0 != "?" }) }

  private static func split(_ authority: Substring) throws(WebhookURLError)
    -> (host: String, port: Substring?)
  {
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { throw .badHost }
      let address = authority[authority.index(after: authority.startIndex)..<end]
      let rest = authority[authority.index(after: end)...]
      guard isIPv6(address), rest.isEmpty || rest.hasPrefix(":") else { throw .badHost }
      return (address.lowercased(), rest.isEmpty ? nil : rest.dropFirst())
    }
    let colon = authority.firstIndex(of: ":")
    let host = authority[..<(colon ?? authority.endIndex)].lowercased()
    guard isName(host) else { throw .badHost }
    return (host, colon.map { authority[authority.index(after: $0)...] })
  }

  /// Letters, digits, hyphens and underscores between dots. A last label that begins with a digit would
  /// be read as a number by some (WHATWG URL, section 3.5): then all four must be plain decimal bytes.
  private static func isName(_ host: String) -> Bool {
    guard (1...253).contains(host.utf8.count) else { return false }
    var labels = host.split(separator: ".", omittingEmptySubsequences: false)
    if labels.last?.isEmpty == true { labels.removeLast() }
    guard
      !labels.isEmpty,
      labels.allSatisfy({ (1...63).contains($0.utf8.count) && $0.utf8.allSatisfy(isWordByte) })
    else { return false }
    guard let first = labels.last?.utf8.first, (0x30...0x39).contains(first) else { return true }
    return labels.count == 4 && !host.hasSuffix(".")
      && labels.allSatisfy { label in
        UInt8(label) != nil && !label.hasPrefix("+") && (label == "0" || !label.hasPrefix("0"))
      }
  }

  private static func isIPv6(_ text: Substring) -> Bool {
    text.contains(":") && text.utf8.count <= 45
      && text.utf8.allSatisfy {
        hexadecimalDigit($0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
      }
  }

  private static func port(_ text: Substring?, isSecure: Bool) throws(WebhookURLError) -> UInt16 {
    guard let text, !text.isEmpty else {
      if text != nil { throw .badPort }
      return isSecure ? 443 : 80
    }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(text), port > 0
    else { throw .badPort }
    guard !ForbiddenPorts.all.contains(port) else { throw .forbiddenPort(port) }
    return port
  }
}
