/// The name of the tenant that an event and a webhook belong to.
public enum AccountID {
  /// The account where nobody says which.
  public static let `default` = "default"

  /// The bytes of `default`, for as long as the process lives.
  public static var defaultBytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: defaultText.utf8Start, count: defaultText.utf8CodeUnitCount)
  }

  private static let defaultText: StaticString = "default"

  /// Whether the bytes match `[A-Za-z0-9_.:@-]{1,128}`.
  public static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
    (1...128).contains(bytes.count)
      && bytes.allSatisfy {
        isWordByte($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":")
          || $0 == UInt8(ascii: "@")
      }
  }

  /// Whether the text is a valid account name.
  public static func isValid(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { isValid(UnsafeRawBufferPointer($0)) }
  }
}
