/// The address of a broker: `amqp://user:password@host:port/vhost`, or `amqps`.
///
/// Of the query (RabbitMQ's URI query parameters) `cacertfile`, `certfile`, `keyfile`,
/// `verify=verify_none`, `heartbeat` in seconds and `auth_mechanism=external` are understood.
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
  let heartbeat: UInt16?
  let authenticates: Mechanism

  /// The ways to log in (SASL), by the broker's names.
  enum Mechanism: String, Sendable {
    case plain = "PLAIN"
    case external = "EXTERNAL"
  }

  /// Reads one URL.
  public init(parsing text: String) throws(BrokerError) {
    let shown = Self.redact(text)
    func refuse(_ why: String) -> BrokerError { .badURL(url: shown, why: why) }
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw refuse("it holds a space, a control or a non-ASCII character: percent-encode it")
    }
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
      guard let value = Self.decode(value ?? "") else {
        throw refuse("\(key) has a broken percent escape")
      }
      parameters[String(key)] = value
    }
    self.parameters = parameters
    heartbeat = try parameters["heartbeat"].map { text throws(BrokerError) in
      guard let seconds = UInt16(text) else {
        throw refuse("heartbeat must be a number of seconds up to 65535")
      }
      return seconds
    }
    authenticates = try Self.mechanism(parameters, isSecure: isSecure, refuse)
  }

  private static func mechanism(
    _ parameters: [String: String], isSecure: Bool, _ refuse: (String) -> BrokerError
  ) throws(BrokerError) -> Mechanism {
    guard (parameters["certfile"] == nil) == (parameters["keyfile"] == nil) else {
      throw refuse("certfile and keyfile go together")
    }
    guard ["verify_peer", "verify_none"].contains(parameters["verify"] ?? "verify_peer") else {
      throw refuse("verify must be verify_peer or verify_none")
    }
    let name = parameters["auth_mechanism"] ?? "plain"
    guard let mechanism = Mechanism(rawValue: name.uppercased()) else {
      throw refuse("auth_mechanism must be plain or external")
    }
    guard mechanism == .plain || isSecure && parameters["certfile"] != nil else {
      throw refuse("auth_mechanism=external needs amqps, certfile and keyfile")
    }
    return mechanism
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

  /// The text without what may be a password, wherever it stands: also where the text is no URL. By bytes: to
  /// `Character` an @ with an accent is none.
  private static func redact(_ text: String) -> String {
    let bytes = text.utf8
    let (at, colon) = (UInt8(ascii: "@"), UInt8(ascii: ":"))
    let start = bytes.firstRange(of: "://".utf8)?.upperBound ?? bytes.startIndex
    guard let first = bytes[start...].firstIndex(of: colon) else { return text }
    if let last = bytes.lastIndex(of: at), last >= start {
      return first < last ? text[...first] + "***" + text[last...] : text
    }
    // Cut off at a comma in the password, say. A port is no secret, and an IPv6 address neither.
    let port = text[bytes.index(after: first)...].prefix { $0 != "/" && $0 != "?" }
    return Int(port) != nil || bytes[start...].first == UInt8(ascii: "[")
      ? text : text[...first] + "***"
  }
}
