/// The name of an event: words with dots between, such as `license.created`.
public enum EventName {
  /// The longest name, in bytes.
  public static let maximumBytes = 128

  /// Whether the bytes match `^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$` and are not too many.
  public static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count <= maximumBytes else { return false }
    var isAfterDot = true
    for byte in bytes {
      if byte == UInt8(ascii: ".") {
        guard !isAfterDot else { return false }
        isAfterDot = true
      } else {
        guard isWordByte(byte) else { return false }
        isAfterDot = false
      }
    }
    return !isAfterDot
  }

  /// Whether the text is a valid name.
  public static func isValid(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { isValid(UnsafeRawBufferPointer($0)) }
  }

  /// Whether the name is kept for notices: `webhook.*` and `delivery.*`.
  public static func isReservedForNotices(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.starts(with: "webhook.".utf8) || bytes.starts(with: "delivery.".utf8)
  }
}

/// Letters, digits, underscore and hyphen.
func isWordByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
    true
  default: false
  }
}
