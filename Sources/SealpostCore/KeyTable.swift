/// The keys of all objects of one document, to find one that stands twice in its object.
///
/// One open-addressing table for the document, keyed by the number of the object and a seeded hash, so
/// that many small objects and one huge object cost the same; a generation stamp empties it between
/// documents without touching it.
struct KeyTable: ~Copyable {
  private struct Entry {
    var generation: UInt32
    var object: UInt32
    var hash: UInt64
    var key: JSONText.StringRange
  }

  private static let smallest = 64

  private let seed: UInt64
  private var entries: UnsafeMutablePointer<Entry>
  private var mask: Int
  private var count = 0
  private var generation: UInt32 = 0

  init(seed: UInt64) {
    self.seed = seed
    mask = Self.smallest - 1
    entries = Self.makeEntries(Self.smallest)
  }

  deinit { entries.deallocate() }

  /// Forgets the last document. A table that a huge one blew up shrinks again.
  mutating func begin() {
    count = 0
    generation &+= 1
    guard generation == 0 || mask >= 1 << 16 else { return }
    entries.deallocate()
    mask = Self.smallest - 1
    entries = Self.makeEntries(Self.smallest)
    generation = 1
  }

  /// Notes a key of an object; false when the object has it already.
  mutating func insert(
    _ key: JSONText.StringRange, object: UInt32, in bytes: UnsafeRawBufferPointer
  ) -> Bool {
    if count * 2 > mask { grow() }
    let hash = hash(key, object, bytes)
    var index = Int(truncatingIfNeeded: hash) & mask
    while entries[index].generation == generation {
      let entry = entries[index]
      if entry.hash == hash, entry.object == object, Self.isEqual(entry.key, key, bytes) {
        return false
      }
      index = (index + 1) & mask
    }
    entries[index] = Entry(generation: generation, object: object, hash: hash, key: key)
    count += 1
    return true
  }

  private func hash(
    _ key: JSONText.StringRange, _ object: UInt32, _ bytes: UnsafeRawBufferPointer
  ) -> UInt64 {
    let start = seed ^ (UInt64(object) &* 0x9E37_79B9_7F4A_7C15)
    guard key.hasEscapes else {
      return Self.hash(UnsafeRawBufferPointer(rebasing: bytes[key.start..<key.end]), start)
    }
    // A key is the same however it is escaped.
    var decoder = JSONStringDecoder(key, in: bytes)
    var decoded: [UInt8] = []
    while let byte = decoder.next() { decoded.append(byte) }
    return decoded.withUnsafeBytes { Self.hash($0, start) }
  }

  private static func hash(_ bytes: UnsafeRawBufferPointer, _ start: UInt64) -> UInt64 {
    var state = start
    var offset = 0
    while offset + 8 <= bytes.count {
      state = mix(state, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    var word = UInt64(bytes.count) << 56
    while offset < bytes.count {
      word = word << 8 ^ UInt64(bytes[offset])
      offset += 1
    }
    return mix(state, word)
  }

  private static func mix(_ state: UInt64, _ word: UInt64) -> UInt64 {
    let (high, low) = (state ^ word ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(
      by: 0xE703_7ED1_A0B4_28DB)
    return high ^ low
  }

  private static func isEqual(
    _ one: JSONText.StringRange, _ other: JSONText.StringRange, _ bytes: UnsafeRawBufferPointer
  ) -> Bool {
    if !one.hasEscapes, !other.hasEscapes {
      return bytes[one.start..<one.end].elementsEqual(bytes[other.start..<other.end])
    }
    var first = JSONStringDecoder(one, in: bytes)
    var second = JSONStringDecoder(other, in: bytes)
    while true {
      let (a, b) = (first.next(), second.next())
      if a != b { return false }
      if a == nil { return true }
    }
  }

  private mutating func grow() {
    let old = entries
    let oldMask = mask
    mask = (mask + 1) * 2 - 1
    entries = Self.makeEntries(mask + 1)
    for index in 0...oldMask where old[index].generation == generation {
      var target = Int(truncatingIfNeeded: old[index].hash) & mask
      while entries[target].generation == generation { target = (target + 1) & mask }
      entries[target] = old[index]
    }
    old.deallocate()
  }

  private static func makeEntries(_ count: Int) -> UnsafeMutablePointer<Entry> {
    let entries = UnsafeMutablePointer<Entry>.allocate(capacity: count)
    entries.initialize(
      repeating: Entry(generation: 0, object: 0, hash: 0, key: JSONText.StringRange()),
      count: count)
    return entries
  }
}
