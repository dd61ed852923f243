import GRDB
internal import GRDBSQLite
import SealpostCore

/// Finds events of the log by their number. For one transaction.
struct EventFinder {
  let hash: EventHash
  private let statement: Statement

  init(_ database: Database, _ hash: EventHash) throws {
    self.hash = hash
    statement = try database.cachedStatement(
      sql: "SELECT key, account, id FROM events WHERE hash = ?")
  }

  /// The key of the event that a question is about, or nil.
  func key(of query: DeliveryQuery) throws -> Int64? {
    try key(
      hash.make(query.account, query.eventID, query.triggeredAt), account: query.account,
      id: query.eventID)
  }

  /// The key of an event, or nil. Events may share a number, so their texts are compared.
  func key(_ hash: Int64, account: UnsafeRawBufferPointer, id: UnsafeRawBufferPointer) throws
    -> Int64?
  {
    let find = statement.sqliteStatement
    sqlite3_bind_int64(find, 1, hash)
    defer { sqlite3_reset(find) }
    while true {
      switch sqlite3_step(find) {
      case SQLITE_ROW:
        if column(1, is: account), column(2, is: id) { return sqlite3_column_int64(find, 0) }
      case SQLITE_DONE: return nil
      default: throw DatabaseError(lastOf: sqlite3_db_handle(find))
      }
    }
  }

  private func column(_ index: Int32, is text: UnsafeRawBufferPointer) -> Bool {
    let find = statement.sqliteStatement
    let count = Int(sqlite3_column_bytes(find, index))
    return UnsafeRawBufferPointer(start: sqlite3_column_text(find, index), count: count)
      .isEqual(to: text)
  }
}

extension DatabaseError {
  /// What last went wrong on a connection that is used without GRDB.
  init(lastOf connection: OpaquePointer?) {
    self.init(
      resultCode: ResultCode(rawValue: sqlite3_errcode(connection)),
      message: String(cString: sqlite3_errmsg(connection)))
  }
}
