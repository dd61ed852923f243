/// The value of a header, or of an argument of a queue.
public enum HeaderValue {
  /// A whole number.
  case int(Int64)
  /// Text.
  case text(String)
  /// Text as bytes that the caller keeps until the call returns.
  case bytes(UnsafeRawBufferPointer)
  /// A truth value.
  case flag(Bool)
  /// Values under keys.
  case table([(key: String, value: HeaderValue)])
}
