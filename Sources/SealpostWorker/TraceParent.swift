/// The `traceparent` header that an event may bring (W3C Trace Context, section 3.2).
enum TraceParent {
  /// Whether the text has the form of version 00, so that it can be passed on as a header.
  static func isValid(_ text: UnsafeRawBufferPointer) -> Bool {
    guard text.count == 55 else { return false }
    return text.indices.allSatisfy { index in
      switch (index, text[index]) {
      case (2, let byte), (35, let byte), (52, let byte): byte == UInt8(ascii: "-")
      case (_, UInt8(ascii: "0")...UInt8(ascii: "9")), (_, UInt8(ascii: "a")...UInt8(ascii: "f")):
        true
      default: false
      }
    }
  }
}
