/// A header of the owner's own that goes out with each of a webhook's deliveries. Its value may be a
/// credential, so it is no part of what is printed.
public struct WebhookHeader: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
  /// The field name as given.
  public let name: String
  /// The field value.
  public let value: String

  /// Why a header is refused.
  public enum Refusal: Error, Hashable, Sendable {
    /// The name is no token (RFC 9110, section 5.6.2).
    case badName(String)
    /// The name is one that Sealpost, HTTP or a cloud's metadata service gives a meaning.
    case reservedName(String)
    /// The value has control or non-ASCII characters, or is too long.
    case badValue(String)

    /// What is wrong and how to mend it.
    public var sentence: String {
      switch self {
      case .badName(let name): "\"\(name)\" is no header name: use letters, digits and hyphens."
      case .reservedName(let name):
        "The header \(name) cannot be set for a webhook: choose another name."
      case .badValue(let name):
        "The value of \(name) must be printable ASCII of at most \(WebhookHeader.maximumValueBytes) bytes."
      }
    }
  }

  /// The longest value, in bytes.
  public static let maximumValueBytes = 4096

  /// Checks and makes a header.
  public init(name: String, value: String) throws(Refusal) {
    guard (1...128).contains(name.utf8.count), name.utf8.allSatisfy(Self.isTokenByte) else {
      throw .badName(name)
    }
    let lowered = name.lowercased()
    guard !Self.reserved.contains(lowered),
      !Self.reservedPrefixes.contains(where: lowered.hasPrefix)
    else { throw .reservedName(name) }
    guard value.utf8.count <= Self.maximumValueBytes,
      value.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 })
    else { throw .badValue(name) }
    self.name = name
    self.value = value
  }

  /// The name alone.
  public var description: String { "\(name): <redacted>" }

  /// Without children, so that `dump` shows nothing.
  public var customMirror: Mirror { Mirror(self, children: []) }

  private static let reserved: Set<String> = [
    "host", "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
    "upgrade", "content-length", "content-type", "content-encoding", "expect", "user-agent",
    "traceparent", "accept-encoding", "cookie", "metadata", "metadata-flavor", "range",
  ]

  private static let reservedPrefixes = [
    "webhook-", "proxy-", "x-aws-ec2-metadata", "x-google-metadata", "x-metadata-", "x-forwarded-",
  ]

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    isWordByte(byte) || "!#$%&'*+.^`|~".utf8.contains(byte)
  }
}
