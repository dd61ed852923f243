/// A 64-bit FNV-1a hash that is the same in every process (Swift's own is not).
///
/// Names a message for the row that a suspect leaves behind; nothing depends on it being unique.
struct StableHash {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func combine(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }

  mutating func combine(_ bytes: UnsafeRawBufferPointer) {
    for byte in bytes { combine(byte) }
  }

  /// The hash as text.
  var hexadecimal: String { String(state, radix: 16) }
}
