import Glibc

extension UnsafeRawBufferPointer {
  /// Whether these are the same bytes (memcmp(3)). `elementsEqual` compares one by one, at ten times the cost.
  public func isEqual(to other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count else { return false }
    guard let mine = baseAddress, let other = other.baseAddress else { return true }
    return memcmp(mine, other, count) == 0
  }

  /// Whether these are the bytes of a text.
  public func isEqual(to text: StaticString) -> Bool {
    isEqual(to: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Whether these are the bytes of a text, in UTF-8.
  public func isEqual(to text: String) -> Bool {
    guard count == text.utf8.count else { return false }
    return text.utf8.withContiguousStorageIfAvailable { isEqual(to: UnsafeRawBufferPointer($0)) }
      ?? elementsEqual(text.utf8)
  }
}
