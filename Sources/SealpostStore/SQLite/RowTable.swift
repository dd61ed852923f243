internal import CSQLite
import GRDB
internal import GRDBSQLite

/// Rows in our memory as a table of SQLite, `recorded_rows(?)`, with the columns `c0` to `c20`: what one
/// `INSERT ... SELECT` takes from it would cost twice as much as a statement for each row, bound value by value.
///
/// A virtual table with a hidden column that says where the rows are (sqlite.org/vtab.html).
enum RowTable {
  /// Hands the value of a column of a row to SQLite, by one of sqlite3_result_*().
  typealias Column = @convention(c) (UnsafeRawPointer?, Int64, OpaquePointer?, CInt) -> Void

  private static let columns = 21

  /// The names of its first columns, with commas.
  static func names(_ count: Int = columns) -> String {
    (0..<count).map { "c\($0)" }.joined(separator: ", ")
  }

  /// Makes the table known to a connection.
  static func add(to database: Database) throws {
    guard let connection = database.sqliteConnection,
      sqlite3_create_module_v2(connection, "recorded_rows", module, nil, nil) == SQLITE_OK
    else { throw DatabaseError(lastOf: database.sqliteConnection) }
  }

  /// What SQLite calls. It keeps the address for as long as there are connections. Unsafe in name only: it is
  /// filled in before anybody has its address, and never written to or given back after that.
  nonisolated(unsafe) private static let module: UnsafeMutablePointer<sqlite3_module> = {
    let module = UnsafeMutablePointer<sqlite3_module>.allocate(capacity: 1)
    module.initialize(to: sqlite3_module())
    module.pointee.xConnect = connect
    module.pointee.xDisconnect = { table in
      sqlite3_free(table)
      return SQLITE_OK
    }
    module.pointee.xBestIndex = plan
    module.pointee.xOpen = open
    module.pointee.xClose = { cursor in
      sqlite3_free(cursor)
      return SQLITE_OK
    }
    module.pointee.xFilter = begin
    module.pointee.xNext = { cursor in
      own(cursor).pointee.row += 1
      return SQLITE_OK
    }
    module.pointee.xEof = { cursor in
      let cursor = own(cursor)
      guard let rows = cursor.pointee.rows else { return 1 }
      return cursor.pointee.row < rows.pointee.count ? 0 : 1
    }
    module.pointee.xColumn = { cursor, context, number in
      let cursor = own(cursor)
      cursor.pointee.rows?.pointee.column(
        cursor.pointee.rows.pointee.memory, cursor.pointee.row, context, number)
      return SQLITE_OK
    }
    module.pointee.xRowid = { cursor, row in
      row?.pointee = own(cursor).pointee.row
      return SQLITE_OK
    }
    return module
  }()

  private static func own(_ cursor: UnsafeMutablePointer<sqlite3_vtab_cursor>?)
    -> UnsafeMutablePointer<sealpost_rows_cursor>
  {
    UnsafeMutableRawPointer(cursor!).assumingMemoryBound(to: sealpost_rows_cursor.self)
  }

  /// Memory for what begins with SQLite's own part, all zero.
  private static func make<T>(_ type: T.Type) -> UnsafeMutablePointer<T>? {
    let size = MemoryLayout<T>.size
    guard let memory = sqlite3_malloc(CInt(size)) else { return nil }
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    return memory.assumingMemoryBound(to: type)
  }

  private static let connect:
    @convention(c) (
      OpaquePointer?, UnsafeMutableRawPointer?, CInt, UnsafePointer<UnsafePointer<CChar>?>?,
      UnsafeMutablePointer<UnsafeMutablePointer<sqlite3_vtab>?>?,
      UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) -> CInt = { connection, _, _, _, table, _ in
      let code = sqlite3_declare_vtab(connection, "CREATE TABLE x(\(names()), source HIDDEN)")
      guard code == SQLITE_OK else { return code }
      guard let made = make(sqlite3_vtab.self) else { return SQLITE_NOMEM }
      table?.pointee = made
      return SQLITE_OK
    }

  /// One way to read it: all rows of the source that is given.
  private static let plan:
    @convention(c) (
      UnsafeMutablePointer<sqlite3_vtab>?, UnsafeMutablePointer<sqlite3_index_info>?
    ) -> CInt = { _, info in
      guard let info else { return SQLITE_ERROR }
      for index in 0..<Int(info.pointee.nConstraint) {
        let constraint = info.pointee.aConstraint[index]
        guard constraint.iColumn == columns, constraint.usable != 0,
          CInt(constraint.op) == SQLITE_INDEX_CONSTRAINT_EQ
        else { continue }
        info.pointee.aConstraintUsage[index].argvIndex = 1
        info.pointee.aConstraintUsage[index].omit = 1
        return SQLITE_OK
      }
      return SQLITE_CONSTRAINT
    }

  private static let open:
    @convention(c) (
      UnsafeMutablePointer<sqlite3_vtab>?,
      UnsafeMutablePointer<UnsafeMutablePointer<sqlite3_vtab_cursor>?>?
    ) -> CInt = { _, cursor in
      guard let made = make(sealpost_rows_cursor.self) else { return SQLITE_NOMEM }
      cursor?.pointee = UnsafeMutableRawPointer(made).assumingMemoryBound(
        to: sqlite3_vtab_cursor.self)
      return SQLITE_OK
    }

  private static let begin:
    @convention(c) (
      UnsafeMutablePointer<sqlite3_vtab_cursor>?, CInt, UnsafePointer<CChar>?, CInt,
      UnsafeMutablePointer<OpaquePointer?>?
    ) -> CInt = { cursor, _, _, count, values in
      let cursor = own(cursor)
      cursor.pointee.rows = count == 1 ? sealpost_value_rows(values?.pointee) : nil
      cursor.pointee.row = 0
      return SQLITE_OK
    }
}
