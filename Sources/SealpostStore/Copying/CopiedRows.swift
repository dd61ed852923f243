import Foundation
import GRDB
import SealpostCore

/// Rows on their way from SQLite to PostgreSQL, a column an array.
struct CopiedRows {
  /// Rows, and bytes of them, that go in one statement.
  private static let rowsAtOnce = 1000
  private static let bytesAtOnce = 8 << 20

  private let table: CopiedTable
  private var numbers: [Int: PostgresArray<Int64?>] = [:]
  private var texts: [Int: PostgresArray<String?>] = [:]
  private var bytes: [Int: PostgresArray<[UInt8]?>] = [:]
  private var flags: [Int: PostgresArray<Bool>] = [:]
  private var size = 0
  private(set) var count = 0

  init(of table: CopiedTable) { self.table = table }

  /// Whether it is time to write them.
  var isFull: Bool { count >= Self.rowsAtOnce || size >= Self.bytesAtOnce }

  mutating func add(_ row: Row) {
    count += 1
    for (index, column) in table.columns.enumerated() {
      switch column.kind {
      case .number: numbers[index, default: PostgresArray()].append(row[index] as Int64?)
      case .day:
        let day = PostgresPartitions.day(of: Timestamp(nanoseconds: row[index]))
        numbers[index, default: PostgresArray()].append(day)
      case .text: texts[index, default: PostgresArray()].append(row[index] as String?)
      case .bytes:
        let data: Data? = row[index]
        size += data?.count ?? 0
        bytes[index, default: PostgresArray()].append(data.map { Array($0) })
      case .flag: flags[index, default: PostgresArray()].append(row[index] as Bool)
      }
    }
  }

  /// Inserts them.
  var statement: PostgresStatement {
    let values = table.columns.indices.compactMap { index -> (any PostgresParameter)? in
      numbers[index] ?? texts[index] ?? bytes[index] ?? flags[index]
    }
    let places = values.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
    return PostgresStatement(
      """
      INSERT INTO \(table.name) (\(table.columns.map(\.name).joined(separator: ", ")))
      SELECT * FROM unnest(\(places))
      """, values)
  }
}
