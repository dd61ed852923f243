internal import SealpostCore

/// Base64 as RFC 4648, section 4 has it.
enum Base64 {
  private static let alphabet: StaticString =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

  /// Writes the encoded bytes and gives their count: four for every three, padded.
  static func encode(_ bytes: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer)
    -> Int
  {
    let digits = alphabet.utf8Start
    var written = 0
    var index = 0
    while index < bytes.count {
      let left = bytes.count - index
      let group =
        UInt32(bytes[index]) << 16 | (left > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
        | (left > 2 ? UInt32(bytes[index + 2]) : 0)
      output[written] = digits[Int(group >> 18)]
      output[written + 1] = digits[Int(group >> 12 & 63)]
      output[written + 2] = left > 1 ? digits[Int(group >> 6 & 63)] : UInt8(ascii: "=")
      output[written + 3] = left > 2 ? digits[Int(group & 63)] : UInt8(ascii: "=")
      written += 4
      index += 3
    }
    return written
  }

  /// The encoded text.
  static func encode(_ bytes: [UInt8]) -> String {
    let count = (bytes.count + 2) / 3 * 4
    return String(unsafeUninitializedCapacity: count) { output in
      bytes.withUnsafeBytes { encode($0, into: UnsafeMutableRawBufferPointer(output)) }
    }
  }

  /// The bytes of an encoded text, with or without padding; nil where it is none. Keeps no copy of them.
  static func decode(_ text: UnsafeRawBufferPointer) -> SecretBytes? {
    let padding = text.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    let digits = UnsafeRawBufferPointer(rebasing: text.dropLast(padding))
    guard padding <= 2, padding == 0 || text.count % 4 == 0, digits.count % 4 != 1,
      digits.allSatisfy({ value(of: $0) != nil })
    else { return nil }
    return SecretBytes(capacity: digits.count * 3 / 4) { bytes in
      var written = 0
      var group: UInt32 = 0
      for (index, digit) in digits.enumerated() {
        group = group << 6 | (value(of: digit) ?? 0)
        // The bits of a digit complete a byte with the one before it, but for the first of four.
        guard index % 4 > 0 else { continue }
        bytes[written] = UInt8(truncatingIfNeeded: group >> (6 - 2 * UInt32(index % 4)))
        written += 1
      }
      return written
    }
  }

  private static func value(of digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a") + 26)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0") + 52)
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
