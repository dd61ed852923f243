/// A value that goes to the server beside a statement, in PostgreSQL's binary format.
protocol PostgresParameter {
  /// The type's number in the catalog `pg_type`.
  static var type: UInt32 { get }
  /// The number of the type of arrays of it.
  static var arrayType: UInt32 { get }
  /// Whether it is NULL.
  var isNull: Bool { get }
  /// Appends its bytes.
  func append(to bytes: inout [UInt8])
}

extension PostgresParameter {
  var isNull: Bool { false }
}

extension Int64: PostgresParameter {
  static var type: UInt32 { 20 }
  static var arrayType: UInt32 { 1016 }

  func append(to bytes: inout [UInt8]) {
    withUnsafeBytes(of: bigEndian) { bytes.append(contentsOf: $0) }
  }
}

extension Int: PostgresParameter {
  static var type: UInt32 { Int64.type }
  static var arrayType: UInt32 { Int64.arrayType }

  func append(to bytes: inout [UInt8]) { Int64(self).append(to: &bytes) }
}

extension Bool: PostgresParameter {
  static var type: UInt32 { 16 }
  static var arrayType: UInt32 { 1000 }

  func append(to bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }
}

extension String: PostgresParameter {
  static var type: UInt32 { 25 }
  static var arrayType: UInt32 { 1009 }

  /// The server's text holds no NUL: its picture takes its place.
  func append(to bytes: inout [UInt8]) {
    let start = bytes.count
    bytes.append(contentsOf: utf8)
    guard bytes[start...].contains(0) else { return }
    bytes.removeSubrange(start...)
    bytes.append(contentsOf: String(map { $0 == "\0" ? "\u{2400}" : $0 }).utf8)
  }
}

extension [UInt8]: PostgresParameter {
  static var type: UInt32 { 17 }
  static var arrayType: UInt32 { 1001 }

  func append(to bytes: inout [UInt8]) { bytes.append(contentsOf: self) }
}

extension Optional: PostgresParameter where Wrapped: PostgresParameter {
  static var type: UInt32 { Wrapped.type }
  static var arrayType: UInt32 { Wrapped.arrayType }

  var isNull: Bool { self?.isNull ?? true }

  func append(to bytes: inout [UInt8]) { self?.append(to: &bytes) }
}
