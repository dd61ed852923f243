import SealpostCore

/// Judges the `content_type` property of a message.
enum ContentType {
  /// Whether it is `application/json`, with or without parameters (RFC 9110, section 8.3.1).
  static func isJSON(_ text: UnsafeRawBufferPointer) -> Bool {
    if text.isEqual(to: "application/json" as StaticString) { return true }
    let end = text.firstIndex(of: UInt8(ascii: ";")) ?? text.endIndex
    var type = text[..<end]
    while type.last == UInt8(ascii: " ") || type.last == UInt8(ascii: "\t") { type.removeLast() }
    return type.isEmpty && end == text.endIndex
      || type.elementsEqual("application/json".utf8) { $0 | 0x20 == $1 | 0x20 }
  }
}
