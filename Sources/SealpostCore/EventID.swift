/// The identity of an event, as its publisher gave it in `message_id`.
public enum EventID {
  /// Whether the bytes match `[A-Za-z0-9_-]{1,128}`. A dot would break the text that `standard`
  /// signatures cover.
  public static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
    (1...128).contains(bytes.count) && bytes.allSatisfy(isWordByte)
  }

  /// Whether the text is a valid identity.
  public static func isValid(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { isValid(UnsafeRawBufferPointer($0)) }
  }
}
