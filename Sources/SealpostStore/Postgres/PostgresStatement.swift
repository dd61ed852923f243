/// A statement and the values that go with it.
struct PostgresStatement {
  let sql: String
  let values: [any PostgresParameter]
  /// Whether the server keeps it prepared: for those whose text is always the same.
  let isPrepared: Bool

  init(_ sql: String, _ values: [any PostgresParameter] = [], isPrepared: Bool = true) {
    self.sql = sql
    self.values = values
    self.isPrepared = isPrepared
  }

  /// The numbers of the types of its values.
  var types: [UInt32] { values.map { type(of: $0).type } }

  /// Gives the values to `body` as libpq takes them: pointers and lengths, nil for NULL.
  func withValues<T>(
    _ body: ([UnsafePointer<CChar>?], [Int32]) throws -> T
  ) rethrows -> T {
    var bytes: [UInt8] = []
    var ranges: [Range<Int>?] = []
    for value in values {
      let start = bytes.count
      value.append(to: &bytes)
      ranges.append(value.isNull ? nil : start..<bytes.count)
    }
    // So that an empty value at the end has an address too.
    bytes.append(0)
    return try bytes.withUnsafeBytes { buffer in
      let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
      return try body(
        ranges.map { $0.flatMap { start?.advanced(by: $0.lowerBound) } },
        ranges.map { Int32($0?.count ?? 0) })
    }
  }
}
