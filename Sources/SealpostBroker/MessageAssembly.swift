import Glibc

/// A message whose frames are still coming.
struct MessageAssembly {
  let tag: UInt64
  let queue: Int
  let redelivered: Bool
  let exchangeBytes: Int
  private(set) var propertyBytes = 0
  private(set) var bodyBytes = 0
  private(set) var received = 0
  private var hasProperties = false
  private(set) var block: UnsafeMutableRawPointer

  init(tag: UInt64, queue: Int, redelivered: Bool, exchange: UnsafeRawBufferPointer) {
    self.tag = tag
    self.queue = queue
    self.redelivered = redelivered
    exchangeBytes = exchange.count
    block = malloc(max(1, exchange.count))
    if let start = exchange.baseAddress { memcpy(block, start, exchange.count) }
  }

  /// Makes room for properties and body; false when there is none, or they are there already.
  mutating func begin(properties: UnsafeRawBufferPointer, bodyBytes: Int) -> Bool {
    guard !hasProperties,
      let larger = realloc(block, exchangeBytes + properties.count + bodyBytes + 1)
    else { return false }
    hasProperties = true
    block = larger
    propertyBytes = properties.count
    self.bodyBytes = bodyBytes
    if let start = properties.baseAddress { memcpy(block + exchangeBytes, start, properties.count) }
    return true
  }

  /// Adds a piece of the body; false when it is more than was announced.
  mutating func append(_ piece: UnsafeRawBufferPointer) -> Bool {
    guard piece.count <= bodyBytes - received else { return false }
    if let start = piece.baseAddress {
      memcpy(block + exchangeBytes + propertyBytes + received, start, piece.count)
    }
    received += piece.count
    return true
  }

  var isComplete: Bool { hasProperties && received == bodyBytes }
}
