package import SealpostBroker

/// The `traceparent` header that an event may bring (W3C Trace Context, section 3.2).
package enum TraceParent {
  /// Its name, on messages and on requests.
  static let header = "traceparent"

  /// The header of an outgoing message; none where there is no trace.
  package static func headers(_ text: String?) -> [(key: String, value: HeaderValue)] {
    text.map { [(header, .text($0))] } ?? []
  }

  /// Whether the text has the form of version 00, so that it can be passed on as a header.
  static func isValid(_ text: UnsafeRawBufferPointer) -> Bool {
    guard text.count == 55 else { return false }
    return text.indices.allSatisfy { index in
      if index == 2 || index == 35 || index == 52 { return text[index] == UInt8(ascii: "-") }
      switch text[index] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): return true
      default: return false
      }
    }
  }
}
