/// The decoded bytes of a JSON string that was checked before, one after the other.
struct JSONStringDecoder {
  private let bytes: UnsafeRawBufferPointer
  private var offset: Int
  private let end: Int
  private var rest: [UInt8] = []
  private let start: Int
  private let hasEscapes: Bool

  init(_ string: JSONText.StringRange, in bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    start = string.start
    offset = string.start
    end = string.end
    hasEscapes = string.hasEscapes
  }

  /// The next byte of the string as UTF-8, or nil at its end.
  mutating func next() -> UInt8? {
    if !rest.isEmpty { return rest.removeFirst() }
    guard offset < end else { return nil }
    let byte = bytes[offset]
    guard byte == UInt8(ascii: "\\") else {
      offset += 1
      return byte
    }
    let escape = bytes[offset + 1]
    guard escape == UInt8(ascii: "u") else {
      offset += 2
      switch escape {
      case UInt8(ascii: "b"): return 0x08
      case UInt8(ascii: "f"): return 0x0C
      case UInt8(ascii: "n"): return 0x0A
      case UInt8(ascii: "r"): return 0x0D
      case UInt8(ascii: "t"): return 0x09
      default: return escape
      }
    }
    var scalar = codeUnit()
    if (0xD800...0xDBFF).contains(scalar) {
      scalar = 0x10000 + ((scalar - 0xD800) << 10) + (codeUnit() - 0xDC00)
    }
    rest = Array(String(Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8)
    return rest.removeFirst()
  }

  /// Whether the whole string, from its start, is `text`.
  mutating func isEqual(to text: StaticString) -> Bool {
    guard hasEscapes else {
      return UnsafeRawBufferPointer(rebasing: bytes[start..<end]).isEqual(to: text)
    }
    offset = start
    rest = []
    for index in 0..<text.utf8CodeUnitCount {
      guard next() == text.utf8Start[index] else { return false }
    }
    return next() == nil
  }

  private mutating func codeUnit() -> UInt32 {
    var unit: UInt32 = 0
    for index in 2..<6 { unit = unit << 4 | (hexadecimalDigit(bytes[offset + index]) ?? 0) }
    offset += 6
    return unit
  }
}

/// Decodes short strings: in place where they have no escapes, else into memory of its own.
struct DecodedText: ~Copyable {
  private let memory: UnsafeMutableRawBufferPointer

  init(capacity: Int) { memory = .allocate(byteCount: capacity, alignment: 1) }

  deinit { memory.deallocate() }

  /// The decoded bytes, good until the next call; nil where they are more than the capacity.
  func decode(_ string: JSONText.StringRange, in bytes: UnsafeRawBufferPointer)
    -> UnsafeRawBufferPointer?
  {
    guard string.hasEscapes else {
      return UnsafeRawBufferPointer(rebasing: bytes[string.start..<string.end])
    }
    var decoder = JSONStringDecoder(string, in: bytes)
    var count = 0
    while let byte = decoder.next() {
      guard count < memory.count else { return nil }
      memory[count] = byte
      count += 1
    }
    return UnsafeRawBufferPointer(rebasing: memory[..<count])
  }
}
