/// A one-dimensional array of the server's, built element by element: one column of many rows
/// (`array_send` of PostgreSQL's sources is the format).
struct PostgresArray<Element: PostgresParameter>: PostgresParameter {
  static var type: UInt32 { Element.arrayType }
  static var arrayType: UInt32 { Element.arrayType }

  private var elements: [UInt8] = []
  private var count = 0
  private var hasNull = false

  /// An empty array.
  init() {}

  /// An array of values.
  init(_ values: some Sequence<Element>) {
    for value in values { append(value) }
  }

  /// Appends a value.
  mutating func append(_ value: Element) {
    count += 1
    guard !value.isNull else {
      hasNull = true
      append(length: -1)
      return
    }
    let start = elements.count
    append(length: 0)
    value.append(to: &elements)
    let length = Int32(elements.count - start - 4)
    withUnsafeBytes(of: length.bigEndian) {
      for (index, byte) in $0.enumerated() { elements[start + index] = byte }
    }
  }

  /// Appends the bytes of a value that is text or bytes.
  mutating func append(raw bytes: UnsafeRawBufferPointer) {
    count += 1
    append(length: Int32(bytes.count))
    elements.append(contentsOf: bytes)
  }

  private mutating func append(length: Int32) {
    withUnsafeBytes(of: length.bigEndian) { elements.append(contentsOf: $0) }
  }

  func append(to bytes: inout [UInt8]) {
    func add(_ number: Int32) {
      withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
    add(count == 0 ? 0 : 1)
    add(hasNull ? 1 : 0)
    add(Int32(Element.type))
    guard count > 0 else { return }
    add(Int32(count))
    add(1)
    bytes.append(contentsOf: elements)
  }
}
