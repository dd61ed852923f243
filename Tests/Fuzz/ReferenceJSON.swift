/// JSON as DESIGN and RFC 8259 have it, the slow and obvious way, for `EventScanner` to agree with: recursion,
/// arrays, dictionaries.
struct ReferenceJSON {
  indirect enum Value {
    case object([[UInt8]: Value])
    case string([UInt8])
    case other
  }

  private struct Refused: Error {}

  private let bytes: [UInt8]
  private var next = 0

  /// The value, or nil where the text is not JSON.
  static func parse(_ input: UnsafeRawBufferPointer, depth: Int) -> Value? {
    // Bad UTF-8 can stand nowhere but in strings, so the whole text tells.
    guard String(validating: input, as: UTF8.self) != nil, !input.starts(with: [0xEF, 0xBB, 0xBF])
    else { return nil }
    var parser = ReferenceJSON(bytes: Array(input))
    parser.skipSpace()
    guard let value = try? parser.value(depth) else { return nil }
    parser.skipSpace()
    return parser.next == parser.bytes.count ? value : nil
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private var byte: UInt8 { next < bytes.count ? bytes[next] : 0 }

  private mutating func skipSpace() {
    while next < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { next += 1 }
  }

  private mutating func take(_ text: String) throws {
    guard bytes[next...].starts(with: text.utf8) else { throw Refused() }
    next += text.utf8.count
  }

  private mutating func value(_ depth: Int) throws -> Value {
    switch byte {
    case UInt8(ascii: "{"): return .object(try object(depth))
    case UInt8(ascii: "["): try array(depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): try take("true")
    case UInt8(ascii: "f"): try take("false")
    case UInt8(ascii: "n"): try take("null")
    default: try number()
    }
    return .other
  }

  private mutating func object(_ depth: Int) throws -> [[UInt8]: Value] {
    guard depth > 0 else { throw Refused() }
    var members: [[UInt8]: Value] = [:]
    try take("{")
    skipSpace()
    if byte == UInt8(ascii: "}") {
      try take("}")
      return members
    }
    while true {
      skipSpace()
      let key = try string()
      skipSpace()
      try take(":")
      skipSpace()
      guard members.updateValue(try value(depth - 1), forKey: key) == nil else { throw Refused() }
      skipSpace()
      if byte != UInt8(ascii: ",") { break }
      next += 1
    }
    try take("}")
    return members
  }

  private mutating func array(_ depth: Int) throws {
    guard depth > 0 else { throw Refused() }
    try take("[")
    skipSpace()
    if byte != UInt8(ascii: "]") {
      while true {
        skipSpace()
        _ = try value(depth - 1)
        skipSpace()
        if byte != UInt8(ascii: ",") { break }
        next += 1
      }
    }
    try take("]")
  }

  private mutating func digits() throws {
    let start = next
    while (0x30...0x39).contains(byte) { next += 1 }
    if next == start { throw Refused() }
  }

  private mutating func number() throws {
    if byte == UInt8(ascii: "-") { next += 1 }
    if byte == UInt8(ascii: "0") { next += 1 } else { try digits() }
    if byte == UInt8(ascii: ".") {
      next += 1
      try digits()
    }
    if byte | 0x20 == UInt8(ascii: "e") {
      next += 1
      if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { next += 1 }
      try digits()
    }
  }

  /// The decoded bytes: escapes are put together as UTF-16, which tells lone surrogates.
  private mutating func string() throws -> [UInt8] {
    try take("\"")
    var units: [UInt16] = []
    var plain: [UInt8] = []
    func flush() { units += Array(String(decoding: plain, as: UTF8.self).utf16) }
    while true {
      guard next < bytes.count, byte >= 0x20 else { throw Refused() }
      defer { next += 1 }
      if byte == UInt8(ascii: "\"") { break }
      guard byte == UInt8(ascii: "\\") else {
        plain.append(byte)
        continue
      }
      flush()
      plain = []
      next += 1
      units.append(try escape())
    }
    flush()
    var decoded: [UInt8] = []
    let isBroken = transcode(
      units.makeIterator(), from: UTF16.self, to: UTF8.self, stoppingOnError: true
    ) { decoded.append($0) }
    if isBroken { throw Refused() }
    return decoded
  }

  private mutating func escape() throws -> UInt16 {
    let simple: [Character: UInt16] = [
      "\"": 0x22, "\\": 0x5C, "/": 0x2F, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9,
    ]
    let letter = Character(Unicode.Scalar(byte))
    if let unit = simple[letter] { return unit }
    guard letter == "u", next + 4 < bytes.count else { throw Refused() }
    let hex = bytes[next + 1...next + 4]
    guard hex.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let unit = UInt16(String(decoding: hex, as: UTF8.self), radix: 16)
    else { throw Refused() }
    next += 4
    return unit
  }
}
