import SealpostCore

/// The basic properties of a message (AMQP 0-9-1, class 60), read from their encoded bytes; the pointers
/// lead into those.
struct AMQPProperties {
  var contentType: UnsafeRawBufferPointer?
  var contentEncoding: UnsafeRawBufferPointer?
  var headers = UnsafeRawBufferPointer(start: nil, count: 0)
  var correlationID: UnsafeRawBufferPointer?
  var messageID: UnsafeRawBufferPointer?
  /// Seconds since 1970.
  var timestamp: Int64?

  /// Reads flags and fields; stops at the first that cannot be, since the broker has checked them.
  init(_ encoded: UnsafeRawBufferPointer) {
    var reader = AMQPReader(encoded)
    guard let flags = reader.uint16(), flags & 1 == 0 else { return }
    if flags & 1 << 15 != 0 { contentType = reader.shortString() }
    if flags & 1 << 14 != 0 { contentEncoding = reader.shortString() }
    if flags & 1 << 13 != 0, let table = reader.longString() { headers = table }
    if flags & 1 << 12 != 0 { _ = reader.take(1) }
    if flags & 1 << 11 != 0 { _ = reader.take(1) }
    if flags & 1 << 10 != 0 { correlationID = reader.shortString() }
    if flags & 1 << 9 != 0 { _ = reader.shortString() }
    if flags & 1 << 8 != 0 { _ = reader.shortString() }
    if flags & 1 << 7 != 0 { messageID = reader.shortString() }
    if flags & 1 << 6 != 0 { timestamp = reader.int64() }
  }

  /// Calls `body` with each header, nested ones as one.
  func forEachHeader(_ body: (AMQPField) -> Void) {
    var reader = AMQPReader(headers)
    while let name = reader.shortString(), let field = reader.field(name) { body(field) }
  }
}

/// One entry of a table.
struct AMQPField {
  let name: UnsafeRawBufferPointer
  let kind: UInt8
  let value: UnsafeRawBufferPointer

  func name(is text: String) -> Bool { name.isEqual(to: text) }

  /// The bytes of a string.
  var text: UnsafeRawBufferPointer? {
    kind == UInt8(ascii: "S") || kind == UInt8(ascii: "x") ? value : nil
  }

  /// A whole number of any width, or one written out in a string.
  var integer: Int64? {
    switch kind {
    case UInt8(ascii: "b"): Int64(value.loadUnaligned(as: Int8.self))
    case UInt8(ascii: "B"): Int64(value.loadUnaligned(as: UInt8.self))
    case UInt8(ascii: "s"): Int64(Int16(bigEndian: value.loadUnaligned(as: Int16.self)))
    case UInt8(ascii: "u"): Int64(UInt16(bigEndian: value.loadUnaligned(as: UInt16.self)))
    case UInt8(ascii: "I"): Int64(Int32(bigEndian: value.loadUnaligned(as: Int32.self)))
    case UInt8(ascii: "i"): Int64(UInt32(bigEndian: value.loadUnaligned(as: UInt32.self)))
    case UInt8(ascii: "l"): Int64(bigEndian: value.loadUnaligned(as: Int64.self))
    case UInt8(ascii: "L"):
      Int64(clamping: UInt64(bigEndian: value.loadUnaligned(as: UInt64.self)))
    case UInt8(ascii: "S"):
      value.count <= 20 ? Int64(String(decoding: value, as: UTF8.self)) : nil
    default: nil
    }
  }
}

/// Walks over encoded fields (AMQP 0-9-1, section 4.2.5, and RabbitMQ's field types) within bounds.
struct AMQPReader {
  private let bytes: UnsafeRawBufferPointer
  private var offset = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
    guard count >= 0, count <= bytes.count - offset else { return nil }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
  }

  mutating func uint16() -> UInt16? {
    take(2).map { UInt16(bigEndian: $0.loadUnaligned(as: UInt16.self)) }
  }

  mutating func int64() -> Int64? {
    take(8).map { Int64(bigEndian: $0.loadUnaligned(as: Int64.self)) }
  }

  mutating func shortString() -> UnsafeRawBufferPointer? {
    guard let count = take(1) else { return nil }
    return take(Int(count[0]))
  }

  mutating func longString() -> UnsafeRawBufferPointer? {
    guard let count = take(4) else { return nil }
    return take(Int(UInt32(bigEndian: count.loadUnaligned(as: UInt32.self))))
  }

  mutating func field(_ name: UnsafeRawBufferPointer) -> AMQPField? {
    guard let kind = take(1)?.first else { return nil }
    let value: UnsafeRawBufferPointer? =
      switch kind {
      case UInt8(ascii: "t"), UInt8(ascii: "b"), UInt8(ascii: "B"): take(1)
      case UInt8(ascii: "s"), UInt8(ascii: "u"): take(2)
      case UInt8(ascii: "I"), UInt8(ascii: "i"), UInt8(ascii: "f"): take(4)
      case UInt8(ascii: "l"), UInt8(ascii: "L"), UInt8(ascii: "d"), UInt8(ascii: "T"): take(8)
      case UInt8(ascii: "D"): take(5)
      case UInt8(ascii: "S"), UInt8(ascii: "x"), UInt8(ascii: "A"), UInt8(ascii: "F"): longString()
      case UInt8(ascii: "V"): take(0)
      default: nil
      }
    return value.map { AMQPField(name: name, kind: kind, value: $0) }
  }
}
