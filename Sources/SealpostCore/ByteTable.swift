/// Values under keys of bytes, found without making a key: the lanes look up names that stand in the
/// bodies of messages.
struct ByteTable<Value: Sendable>: Sendable {
  private struct Entry {
    let hash: UInt64
    let key: [UInt8]
    var value: Value
  }

  private var entries: [Entry] = []
  /// Open addressing: index + 1 of the entry, 0 where free. No memory before the first entry.
  private var slots: [Int32] = []

  /// How many keys there are.
  var count: Int { entries.count }

  /// The value under the key, or nil.
  func value(_ key: UnsafeRawBufferPointer) -> Value? {
    guard let index = find(key, Self.hash(key)) else { return nil }
    return entries[index].value
  }

  /// The first key whose value is looked for. Looks at all of them.
  func key(where isLookedFor: (Value) -> Bool) -> String? {
    entries.first { isLookedFor($0.value) }.map { String(decoding: $0.key, as: UTF8.self) }
  }

  /// Sets the value under a key.
  mutating func set(_ key: String, _ value: Value) {
    var key = key
    key.withUTF8 { bytes in
      let bytes = UnsafeRawBufferPointer(bytes)
      let hash = Self.hash(bytes)
      if let index = find(bytes, hash) {
        entries[index].value = value
        return
      }
      if entries.count * 2 >= slots.count { grow() }
      entries.append(Entry(hash: hash, key: Array(bytes), value: value))
      place(entries.count - 1)
    }
  }

  private func find(_ key: UnsafeRawBufferPointer, _ hash: UInt64) -> Int? {
    guard !entries.isEmpty else { return nil }
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 {
      let index = Int(slots[slot]) - 1
      if entries[index].hash == hash, entries[index].key.withUnsafeBytes({ $0.isEqual(to: key) }) {
        return index
      }
      slot = (slot + 1) & mask
    }
    return nil
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: max(8, slots.count * 2))
    for index in entries.indices { place(index) }
  }

  private mutating func place(_ index: Int) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: entries[index].hash) & mask
    while slots[slot] != 0 { slot = (slot + 1) & mask }
    slots[slot] = Int32(index + 1)
  }

  /// FNV-1a over words of eight bytes, mixed at the end. Keys are names that owners chose within their
  /// own account, so a flood of collisions would slow only themselves.
  private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var state: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(bytes.count)
    var offset = 0
    while offset + 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      state = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
      state ^= state >> 29
      offset += 8
    }
    while offset < bytes.count {
      state = (state ^ UInt64(bytes[offset])) &* 0x100_0000_01b3
      offset += 1
    }
    return state ^ (state >> 32)
  }
}
