/// The address of a broker: `amqp://user:password@host:port/vhost`, or `amqps`.
///
/// Of the query (RabbitMQ's URI query parameters) `cacertfile`, `certfile`, `keyfile`,
/// `verify=verify_none` and `heartbeat` are understood.
public struct BrokerURL: Sendable, CustomStringConvertible, CustomReflectable {
  /// Whether it is `amqps`.
  public let isSecure: Bool
  /// Name or address of the host.
  public let host: String
  /// The port, given or of the scheme.
  public let port: Int
  /// The virtual host.
  public let vhost: String
  let user: String
  let password: String
  let parameters: [String: String]

  /// Reads one URL.
  public init(parsing text: String) throws(BrokerError) {
    let shown = Self.redact(text)
    func refuse(_ why: String) -> BrokerError { .badURL(url: shown, why: why) }
    let rest: Substring
    if text.hasPrefix("amqp://") {
      isSecure = false
      rest = text.dropFirst(7)
    } else if text.hasPrefix("amqps://") {
      isSecure = true
      rest = text.dropFirst(8)
    } else {
      throw refuse("it must begin with amqp:// or amqps://")
    }
    let (beforeQuery, query) = Self.split(rest, at: "?")
    let (authority, path) = Self.split(beforeQuery, at: "/")
    var address = authority
    var credentials: Substring?
    if let at = authority.lastIndex(of: "@") {
      credentials = authority[..<at]
      address = authority[authority.index(after: at)...]
    }
    let (userText, passwordText) = Self.split(credentials ?? "guest:guest", at: ":")
    guard let user = Self.decode(userText), let password = Self.decode(passwordText ?? "") else {
      throw refuse("user or password have a broken percent escape")
    }
    self.user = user
    self.password = password
    let (host, port) = try Self.address(address, isSecure: isSecure, refuse)
    self.host = host
    self.port = port
    guard let vhost = Self.decode(path ?? "%2F") else {
      throw refuse("the virtual host has a broken percent escape")
    }
    guard !vhost.contains("/") || vhost == "/" || path?.contains("/") == false else {
      throw refuse("the virtual host holds a slash: write it as %2F")
    }
    self.vhost = path == "" ? "/" : vhost
    var parameters: [String: String] = [:]
    for pair in (query ?? "").split(separator: "&") {
      let (key, value) = Self.split(pair, at: "=")
      parameters[String(key)] = Self.decode(value ?? "") ?? ""
    }
    self.parameters = parameters
  }

  /// Reads several URLs with commas between them.
  public static func list(_ text: String) throws(BrokerError) -> [BrokerURL] {
    var urls: [BrokerURL] = []
    for part in text.split(separator: ",") {
      urls.append(try BrokerURL(parsing: String(part.drop { $0 == " " })))
    }
    guard !urls.isEmpty else { throw .badURL(url: "\"\(redact(text))\"", why: "it is empty") }
    return urls
  }

  /// The URL without its password.
  public var description: String {
    let shownVhost = vhost == "/" ? "%2F" : vhost
    let shownHost = host.contains(":") ? "[\(host)]" : host
    return "\(isSecure ? "amqps" : "amqp")://\(user)@\(shownHost):\(port)/\(shownVhost)"
  }

  /// Without children, so that `dump` shows no password.
  public var customMirror: Mirror { Mirror(self, children: []) }

  private static func address(
    _ text: Substring, isSecure: Bool, _ refuse: (String) -> BrokerError
  ) throws(BrokerError) -> (String, Int) {
    var host = text
    var port: Substring?
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      host = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      port = rest.hasPrefix(":") ? rest.dropFirst() : nil
    } else if let colon = text.firstIndex(of: ":") {
      host = text[..<colon]
      port = text[text.index(after: colon)...]
    }
    guard !host.isEmpty else { throw refuse("it names no host") }
    guard let port else { return (String(host), isSecure ? 5671 : 5672) }
    guard let number = Int(port), (1...65535).contains(number) else {
      throw refuse("the port must be a number from 1 to 65535")
    }
    return (String(host), number)
  }

  private static func split(_ text: some StringProtocol, at separator: Character)
    -> (Substring, Substring?)
  {
    guard let index = text.firstIndex(of: separator) else { return (Substring(text), nil) }
    return (Substring(text[..<index]), Substring(text[text.index(after: index)...]))
  }

  private static func decode(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(Substring(rest.prefix(2))), radix: 16) else {
        return nil
      }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func redact(_ text: String) -> String {
    guard let scheme = text.firstRange(of: "://"), let at = text.lastIndex(of: "@"),
      scheme.upperBound < at, let colon = text[scheme.upperBound..<at].firstIndex(of: ":")
    else { return text }
    return text[...colon] + "***" + text[at...]
  }
}
