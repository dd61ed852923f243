/// A cursor over JSON text that checks tokens: strings, numbers, literals (RFC 8259).
struct JSONText {
  /// What a value begins as. Containers are left to the caller after their bracket.
  enum Kind { case object, array, string, other }

  /// The inside of a string, as offsets into the text.
  struct StringRange: Equatable {
    var start = 0
    var end = 0
    var hasEscapes = false
  }

  let bytes: UnsafeRawBufferPointer
  /// The next byte's offset.
  private(set) var offset = 0
  /// The string that was read last.
  private(set) var string = StringRange()

  private let end: Int

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    self.end = bytes.count
  }

  var isAtEnd: Bool { offset == end }

  var hasByteOrderMark: Bool {
    bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
  }

  mutating func skipWhitespace() {
    while offset < end {
      switch bytes[offset] {
      case 0x20, 0x0A, 0x0D, 0x09: offset += 1
      default: return
      }
    }
  }

  mutating func skip(_ byte: UInt8) -> Bool {
    guard offset < end, bytes[offset] == byte else { return false }
    offset += 1
    return true
  }

  /// Reads a scalar value whole, or the opening bracket of a container.
  mutating func value() throws(EventFault) -> Kind {
    guard offset < end else { throw .notJSON(offset: offset) }
    switch bytes[offset] {
    case UInt8(ascii: "\""):
      try readString()
      return .string
    case UInt8(ascii: "{"):
      offset += 1
      return .object
    case UInt8(ascii: "["):
      offset += 1
      return .array
    case UInt8(ascii: "t"): try literal("true")
    case UInt8(ascii: "f"): try literal("false")
    case UInt8(ascii: "n"): try literal("null")
    default: try number()
    }
    return .other
  }

  /// Reads a string that is to be a key.
  mutating func key() throws(EventFault) {
    guard offset < end, bytes[offset] == UInt8(ascii: "\"") else {
      throw .notJSON(offset: offset)
    }
    try readString()
  }

  private mutating func literal(_ text: StaticString) throws(EventFault) {
    let count = text.utf8CodeUnitCount
    for index in 0..<count {
      guard offset + index < end, bytes[offset + index] == text.utf8Start[index] else {
        throw .notJSON(offset: offset + index)
      }
    }
    offset += count
  }

  private mutating func number() throws(EventFault) {
    _ = skip(UInt8(ascii: "-"))
    if !skip(UInt8(ascii: "0")) { try digits() }
    if skip(UInt8(ascii: ".")) { try digits() }
    if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
      _ = skip(UInt8(ascii: "+")) || skip(UInt8(ascii: "-"))
      try digits()
    }
  }

  private mutating func digits() throws(EventFault) {
    let start = offset
    while offset < end, bytes[offset] &- UInt8(ascii: "0") < 10 { offset += 1 }
    guard offset > start else { throw .notJSON(offset: offset) }
  }

  private mutating func readString() throws(EventFault) {
    offset += 1
    string = StringRange(start: offset)
    while true {
      skipPlain()
      guard offset < end else { throw .notJSON(offset: offset) }
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\"") {
        string.end = offset
        offset += 1
        return
      } else if byte == UInt8(ascii: "\\") {
        string.hasEscapes = true
        try escape()
      } else if byte >= 0x80 {
        try multibyteRun()
      } else {
        throw .notJSON(offset: offset)
      }
    }
  }

  /// Skips bytes that mean themselves, eight at a time: all but quote, backslash, controls and
  /// non-ASCII. The lowest bit that is set in `special` belongs to the first byte that is not plain;
  /// borrows can only set bits above it.
  private mutating func skipPlain() {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    while offset + 8 <= end {
      let word = UInt64(
        littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      let quotes = word ^ (ones &* 0x22)
      let backslashes = word ^ (ones &* 0x5C)
      let special =
        (((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)
          | ((word &- (ones &* 0x20)) & ~word) | word) & highs
      if special != 0 {
        offset += special.trailingZeroBitCount >> 3
        return
      }
      offset += 8
    }
    while offset < end {
      let byte = bytes[offset]
      if byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        return
      }
      offset += 1
    }
  }

  private mutating func escape() throws(EventFault) {
    let start = offset
    guard offset + 1 < end else { throw .notJSON(offset: end) }
    switch bytes[offset + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      offset += 2
    case UInt8(ascii: "u"):
      let unit = try codeUnit()
      if (0xDC00...0xDFFF).contains(unit) { throw .loneSurrogate(offset: start) }
      if (0xD800...0xDBFF).contains(unit) {
        guard offset + 1 < end, bytes[offset] == UInt8(ascii: "\\"),
          bytes[offset + 1] == UInt8(ascii: "u"), (0xDC00...0xDFFF).contains(try codeUnit())
        else { throw .loneSurrogate(offset: start) }
      }
    default: throw .notJSON(offset: offset + 1)
    }
  }

  /// Reads `\u` and the four hexadecimal digits after it.
  private mutating func codeUnit() throws(EventFault) -> UInt32 {
    var unit: UInt32 = 0
    for index in 2..<6 {
      guard offset + index < end, let digit = hexadecimalDigit(bytes[offset + index]) else {
        throw .notJSON(offset: min(offset + index, end))
      }
      unit = unit << 4 | digit
    }
    offset += 6
    return unit
  }

  /// Checks non-ASCII characters (RFC 3629, section 4) until an ASCII byte comes.
  private mutating func multibyteRun() throws(EventFault) {
    while offset < end, bytes[offset] >= 0x80 {
      let count: Int
      var second: ClosedRange<UInt8> = 0x80...0xBF
      switch bytes[offset] {
      case 0xC2...0xDF: count = 2
      case 0xE0: (count, second) = (3, 0xA0...0xBF)
      case 0xE1...0xEC, 0xEE...0xEF: count = 3
      case 0xED: (count, second) = (3, 0x80...0x9F)
      case 0xF0: (count, second) = (4, 0x90...0xBF)
      case 0xF1...0xF3: count = 4
      case 0xF4: (count, second) = (4, 0x80...0x8F)
      default: throw .badUTF8(offset: offset)
      }
      guard offset + count <= end, second.contains(bytes[offset + 1]) else {
        throw .badUTF8(offset: offset)
      }
      for index in 2..<max(2, count) where bytes[offset + index] & 0xC0 != 0x80 {
        throw .badUTF8(offset: offset)
      }
      offset += count
    }
  }
}

/// The value of a hexadecimal digit.
func hexadecimalDigit(_ byte: UInt8) -> UInt32? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
  case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
  case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
  default: nil
  }
}
