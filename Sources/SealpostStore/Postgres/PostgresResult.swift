internal import CPostgres

/// What the server answered to a statement: its rows.
final class PostgresResult: RandomAccessCollection {
  private let pointer: OpaquePointer

  /// Takes a `PGresult` over.
  init(_ pointer: OpaquePointer) { self.pointer = pointer }

  deinit { PQclear(pointer) }

  /// How many rows the statement inserted, changed or removed.
  var affected: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

  /// What the statement turned out to be, such as `COMMIT`.
  var tag: String { String(cString: PQcmdStatus(pointer)) }

  var startIndex: Int { 0 }
  var endIndex: Int { Int(PQntuples(pointer)) }
  subscript(position: Int) -> PostgresRow { PostgresRow(result: self, row: Int32(position)) }

  fileprivate func column(_ name: String) -> Int32 {
    let column = PQfnumber(pointer, "\"\(name)\"")
    precondition(column >= 0, "no column is called \(name)")
    return column
  }

  fileprivate func bytes(_ row: Int32, _ column: Int32) -> UnsafeRawBufferPointer? {
    guard PQgetisnull(pointer, row, column) == 0 else { return nil }
    return UnsafeRawBufferPointer(
      start: PQgetvalue(pointer, row, column), count: Int(PQgetlength(pointer, row, column)))
  }
}

/// A row of an answer.
struct PostgresRow {
  fileprivate let result: PostgresResult
  fileprivate let row: Int32

  subscript<T: PostgresColumn>(_ name: String) -> T? { self[Int(result.column(name))] }
  subscript<T: PostgresColumn>(_ name: String) -> T { self[Int(result.column(name))] }

  subscript<T: PostgresColumn>(_ column: Int) -> T? {
    result.bytes(row, Int32(column)).map { T(postgres: $0) }
  }

  subscript<T: PostgresColumn>(_ column: Int) -> T {
    guard let bytes = result.bytes(row, Int32(column)) else {
      preconditionFailure("column \(column) is NULL")
    }
    return T(postgres: bytes)
  }
}

/// A value that comes from the server in PostgreSQL's binary format.
protocol PostgresColumn {
  init(postgres bytes: UnsafeRawBufferPointer)
}

extension Int64: PostgresColumn {
  init(postgres bytes: UnsafeRawBufferPointer) {
    switch bytes.count {
    case 8: self = Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    case 4: self = Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
    default: preconditionFailure("an integer of \(bytes.count) bytes")
    }
  }
}

extension Int: PostgresColumn {
  init(postgres bytes: UnsafeRawBufferPointer) { self = Int(Int64(postgres: bytes)) }
}

extension Bool: PostgresColumn {
  init(postgres bytes: UnsafeRawBufferPointer) { self = bytes.first != 0 }
}

extension String: PostgresColumn {
  init(postgres bytes: UnsafeRawBufferPointer) { self = String(decoding: bytes, as: UTF8.self) }
}

extension [UInt8]: PostgresColumn {
  init(postgres bytes: UnsafeRawBufferPointer) { self = Array(bytes) }
}
