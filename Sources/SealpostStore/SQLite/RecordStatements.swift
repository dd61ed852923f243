import GRDB
internal import GRDBSQLite
import SealpostCore

/// The recorder's statements, prepared once on GRDB's connection and bound straight from the memory of
/// messages: going through GRDB's own values costs twice as much a row.
///
/// For one transaction: every text bound is the caller's until the step.
struct RecordStatements {
  private let find: OpaquePointer
  private let insertEvent: OpaquePointer
  private let insertAttempt: OpaquePointer
  private let insertBacklog: OpaquePointer
  private let insertSpan: OpaquePointer
  /// The webhooks that are known to have rows in the span of the log that is being filled.
  private var span: Int64 = -1
  private var webhooksOfSpan: Set<Int64> = []
  private let connection: OpaquePointer
  private let hash: EventHash
  /// Holds the statements above.
  private let statements: [Statement]

  init(_ database: Database, _ hash: EventHash) throws {
    statements = try [
      "SELECT key, account, id FROM events WHERE hash = ?",
      """
      INSERT INTO events (hash, account, id, name, body, triggered_at, received_at,
        traceparent)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """,
      """
      INSERT INTO attempts (event, webhook, run, number, trigger, url, sent_at, received_at, dns,
        connect, tls, first_byte, total, remote_address, status, outcome, reason, next_attempt_at,
        response_headers, response_body)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (event, webhook, run, number) DO NOTHING
      """,
      """
      INSERT INTO backlog (event, webhook, run, attempt, first_attempt_at, state, reason, created_at,
        due_at, trigger)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (event, webhook, run) DO UPDATE SET generation = generation + 1,
        state = excluded.state, reason = excluded.reason, due_at = excluded.due_at,
        attempt = max(attempt, excluded.attempt)
      WHERE state = 'waiting'
      """,
      "INSERT OR IGNORE INTO attempt_spans VALUES (?, ?)",
    ].map { try database.cachedStatement(sql: $0) }
    guard let connection = database.sqliteConnection else {
      throw StoreError.failed("the connection is closed")
    }
    self.connection = connection
    self.hash = hash
    find = statements[0].sqliteStatement
    insertEvent = statements[1].sqliteStatement
    insertAttempt = statements[2].sqliteStatement
    insertBacklog = statements[3].sqliteStatement
    insertSpan = statements[4].sqliteStatement
  }

  /// The key of an event, which is inserted where it is not there.
  mutating func key(of event: EventRow, _ fresh: inout FreshEvents) throws -> Int64 {
    let hash = hash.make(event.account, event.id, event.triggeredAt)
    if !fresh.add(hash), let key = try findKey(hash, account: event.account, id: event.id) {
      return key
    }
    sqlite3_bind_int64(insertEvent, 1, hash)
    bind(insertEvent, 2, text: event.account)
    bind(insertEvent, 3, text: event.id)
    bind(insertEvent, 4, text: event.name)
    bind(insertEvent, 5, blob: event.body)
    sqlite3_bind_int64(insertEvent, 6, event.triggeredAt.nanoseconds)
    sqlite3_bind_int64(insertEvent, 7, event.receivedAt.nanoseconds)
    if let traceparent = event.traceparent {
      bind(insertEvent, 8, text: traceparent)
    } else {
      sqlite3_bind_null(insertEvent, 8)
    }
    try run(insertEvent)
    return sqlite3_last_insert_rowid(connection)
  }

  /// The key of the event that a question is about, or nil.
  mutating func findKey(_ query: DeliveryQuery) throws -> Int64? {
    try findKey(
      hash.make(query.account, query.eventID, query.triggeredAt), account: query.account,
      id: query.eventID)
  }

  /// Events may share a hash, so their texts are compared.
  private func findKey(
    _ hash: Int64, account: UnsafeRawBufferPointer, id: UnsafeRawBufferPointer
  ) throws -> Int64? {
    sqlite3_bind_int64(find, 1, hash)
    defer { sqlite3_reset(find) }
    while true {
      switch sqlite3_step(find) {
      case SQLITE_ROW:
        if column(find, 1, is: account), column(find, 2, is: id) {
          return sqlite3_column_int64(find, 0)
        }
      case SQLITE_DONE: return nil
      default: throw failure()
      }
    }
  }

  /// Inserts an attempt; false where the log has it.
  mutating func insert(_ row: borrowing AttemptRow, event: Int64) throws -> Bool {
    let statement = insertAttempt
    sqlite3_bind_int64(statement, 1, event)
    sqlite3_bind_int64(statement, 2, row.webhookKey)
    sqlite3_bind_int64(statement, 3, Int64(row.run))
    sqlite3_bind_int64(statement, 4, Int64(row.number))
    sqlite3_bind_int64(statement, 5, Int64(row.trigger.rawValue))
    sqlite3_bind_int64(statement, 7, row.sentAt.nanoseconds)
    bind(statement, 8, row.receivedAt?.nanoseconds)
    sqlite3_bind_int64(statement, 9, row.timings.dns)
    sqlite3_bind_int64(statement, 10, row.timings.connect)
    sqlite3_bind_int64(statement, 11, row.timings.tls)
    sqlite3_bind_int64(statement, 12, row.timings.firstByte)
    sqlite3_bind_int64(statement, 13, row.timings.total)
    sqlite3_bind_int64(statement, 15, Int64(row.status))
    sqlite3_bind_int64(statement, 16, Int64(row.outcome.rawValue))
    bind(statement, 17, row.reason.map { Int64($0.code) })
    bind(statement, 18, row.nextAttemptAt?.nanoseconds)
    let response = row.response
    try withText(row.url, statement, 6) {
      try withText(row.remoteAddress, statement, 14) {
        try withBlob(response?.headers, statement, 19) {
          try withBlob(response?.body, statement, 20) { try run(statement) }
        }
      }
    }
    guard sqlite3_changes(connection) == 1 else { return false }
    try noteSpan(of: sqlite3_last_insert_rowid(connection), webhook: row.webhookKey)
    return true
  }

  private mutating func noteSpan(of id: Int64, webhook: Int64) throws {
    if id >> LogQuery.spanBits != span {
      span = id >> LogQuery.spanBits
      webhooksOfSpan.removeAll(keepingCapacity: true)
    }
    guard webhooksOfSpan.insert(webhook).inserted else { return }
    sqlite3_bind_int64(insertSpan, 1, span)
    sqlite3_bind_int64(insertSpan, 2, webhook)
    try run(insertSpan)
  }

  /// Inserts a row of the backlog. Where its delivery waits there already, that row gets a new generation:
  /// whoever is about to take it out sees that it came back, and leaves it.
  mutating func insert(_ row: BacklogRow, event: Int64) throws {
    let statement = insertBacklog
    sqlite3_bind_int64(statement, 1, event)
    sqlite3_bind_int64(statement, 2, row.webhookKey)
    sqlite3_bind_int64(statement, 3, Int64(row.run))
    sqlite3_bind_int64(statement, 4, Int64(row.attempt))
    sqlite3_bind_int64(statement, 5, row.firstAttemptAt.nanoseconds)
    sqlite3_bind_int64(statement, 8, Timestamp.now().nanoseconds)
    sqlite3_bind_int64(statement, 9, row.dueAt.nanoseconds)
    sqlite3_bind_int64(statement, 10, Int64(row.trigger.rawValue))
    try withText(row.state.rawValue, statement, 6) {
      try withText(row.reason, statement, 7) { try run(statement) }
    }
  }

  private func run(_ statement: OpaquePointer) throws {
    let code = sqlite3_step(statement)
    sqlite3_reset(statement)
    guard code == SQLITE_DONE else { throw failure() }
  }

  private func failure() -> DatabaseError {
    DatabaseError(
      resultCode: ResultCode(rawValue: sqlite3_errcode(connection)),
      message: String(cString: sqlite3_errmsg(connection)))
  }

  private func bind(_ statement: OpaquePointer, _ index: Int32, text: UnsafeRawBufferPointer) {
    sqlite3_bind_text(
      statement, index, text.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(text.count),
      nil)
  }

  private func bind(_ statement: OpaquePointer, _ index: Int32, blob: UnsafeRawBufferPointer) {
    guard let start = blob.baseAddress, blob.count > 0 else {
      sqlite3_bind_zeroblob(statement, index, 0)
      return
    }
    sqlite3_bind_blob(statement, index, start, Int32(blob.count), nil)
  }

  private func bind(_ statement: OpaquePointer, _ index: Int32, _ value: Int64?) {
    if let value {
      sqlite3_bind_int64(statement, index, value)
    } else {
      sqlite3_bind_null(statement, index)
    }
  }

  private func withText(
    _ text: String?, _ statement: OpaquePointer, _ index: Int32, _ body: () throws -> Void
  ) throws {
    guard let text else {
      sqlite3_bind_null(statement, index)
      return try body()
    }
    func bindBytes(_ bytes: UnsafeBufferPointer<UInt8>) throws {
      bind(statement, index, text: UnsafeRawBufferPointer(bytes))
      try body()
    }
    // Without a copy, whose count of references the lanes' threads would share.
    if try text.utf8.withContiguousStorageIfAvailable(bindBytes) == nil {
      try Array(text.utf8).withUnsafeBufferPointer(bindBytes)
    }
  }

  private func withBlob(
    _ bytes: [UInt8]?, _ statement: OpaquePointer, _ index: Int32, _ body: () throws -> Void
  ) throws {
    guard let bytes else {
      sqlite3_bind_null(statement, index)
      return try body()
    }
    try bytes.withUnsafeBytes {
      bind(statement, index, blob: $0)
      try body()
    }
  }

  private func column(_ statement: OpaquePointer, _ index: Int32, is text: UnsafeRawBufferPointer)
    -> Bool
  {
    let count = Int(sqlite3_column_bytes(statement, index))
    return UnsafeRawBufferPointer(start: sqlite3_column_text(statement, index), count: count)
      .elementsEqual(text)
  }
}
