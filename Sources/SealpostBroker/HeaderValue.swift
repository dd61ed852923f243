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

  /// How many bytes it takes under a key, beside those of the key.
  var encodedBytes: Int {
    // A byte for the key's length and one for the type; texts and tables say their length in four.
    switch self {
    case .int: 2 + 8
    case .text(let text): 2 + 4 + text.utf8.count
    case .bytes(let bytes): 2 + 4 + bytes.count
    case .flag: 2 + 1
    case .table(let entries):
      entries.reduce(2 + 4) { $0 + $1.key.utf8.count + $1.value.encodedBytes }
    }
  }
}
