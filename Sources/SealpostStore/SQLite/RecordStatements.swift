internal import CSQLite
import GRDB
internal import GRDBSQLite
import SealpostCore

/// The recorder's statements, prepared once on GRDB's connection. Those of events and attempts take a batch at
/// a time straight from the memory of the lanes: see `RowTable`.
///
/// For one transaction that holds the write lock.
final class RecordStatements {
  private let finder: EventFinder
  private let insertEvents: Statement
  private let insertAttempts: Statement
  private let findAttempt: Statement
  private let insertBacklog: Statement
  private let insertSpan: Statement
  private let connection: OpaquePointer
  /// The next key of an event, and the next number of an attempt.
  private var nextKey: Int64
  private var nextID: Int64
  /// The webhooks that are known to have rows in the span of the log that is being filled.
  private var span: Int64 = -1
  private var webhooksOfSpan: Set<Int64> = []

  init(_ database: Database, _ hash: EventHash) throws {
    guard let connection = database.sqliteConnection else {
      throw StoreError.failed("the connection is closed")
    }
    self.connection = connection
    finder = try EventFinder(database, hash)
    // OR FAIL: what fails ends the transaction, so SQLite need not keep every page as it was before the statement.
    insertEvents = try database.cachedStatement(
      sql: """
        INSERT OR FAIL INTO events (\(NewEventRows.columns))
        SELECT \(RowTable.names(9)) FROM recorded_rows(?)
        """)
    insertAttempts = try database.cachedStatement(
      sql: """
        INSERT OR FAIL INTO attempts (\(NewAttemptRows.columns))
        SELECT \(RowTable.names(21)) FROM recorded_rows(?) WHERE true
        ON CONFLICT (event, webhook, run, number) DO NOTHING
        """)
    findAttempt = try database.cachedStatement(
      sql: "SELECT id FROM attempts WHERE event = ? AND webhook = ? AND run = ? AND number = ?")
    insertBacklog = try database.cachedStatement(
      sql: """
        INSERT INTO backlog (event, webhook, run, attempt, first_attempt_at, state, reason, created_at,
          due_at, trigger)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (event, webhook, run) DO UPDATE SET generation = generation + 1,
          state = excluded.state, reason = excluded.reason, due_at = excluded.due_at,
          attempt = max(attempt, excluded.attempt)
        WHERE state = 'waiting'
        """)
    insertSpan = try database.cachedStatement(
      sql: "INSERT OR IGNORE INTO attempt_spans VALUES (?, ?)")
    nextKey = try Self.next(after: "SELECT max(key) FROM events", database)
    nextID = try Self.next(after: "SELECT max(id) FROM attempts", database)
  }

  private static func next(after greatest: String, _ database: Database) throws -> Int64 {
    let greatest = try Int64.fetchOne(database.cachedStatement(sql: greatest))
    return (greatest ?? 0) + 1
  }

  /// The keys of events. Those that are not there are inserted.
  func keys(of events: [EventRow], _ fresh: inout FreshEvents) throws -> [Int64] {
    var keys = [Int64](repeating: 0, count: events.count)
    var new: [NewEventRows.New] = []
    new.reserveCapacity(events.count)
    for (index, event) in events.enumerated() {
      let hash = finder.hash.make(event.account, event.id, event.triggeredAt)
      if !fresh.add(hash) {
        // It may be one of those before it.
        try insert(&new, of: events, &keys)
        if let key = try finder.key(hash, account: event.account, id: event.id) {
          keys[index] = key
          continue
        }
      }
      new.append(NewEventRows.New(index: index, hash: hash))
    }
    try insert(&new, of: events, &keys)
    return keys
  }

  private func insert(
    _ new: inout [NewEventRows.New], of events: [EventRow], _ keys: inout [Int64]
  ) throws {
    // In the order of the index, which grows at its end then.
    new.sort { $0.hash < $1.hash }
    for (position, event) in new.enumerated() { keys[event.index] = nextKey + Int64(position) }
    try events.withUnsafeBufferPointer { events in
      try new.withUnsafeBufferPointer { new in
        guard let events = events.baseAddress, let first = new.baseAddress else { return }
        try run(
          insertEvents, NewEventRows(events: events, new: first, firstKey: nextKey),
          count: new.count, NewEventRows.column)
      }
    }
    nextKey += Int64(new.count)
    new.removeAll(keepingCapacity: true)
  }

  /// Inserts attempts and tells which of them the log had.
  func insert(_ attempts: UnsafeBufferPointer<AttemptRow>, events: [Int64]) throws
    -> [RecordVerdict]
  {
    let firstID = nextID
    nextID += Int64(attempts.count)
    try events.withUnsafeBufferPointer { events in
      guard let attempts = attempts.baseAddress, let events = events.baseAddress else { return }
      try run(
        insertAttempts, NewAttemptRows(attempts: attempts, events: events, firstID: firstID),
        count: Int(nextID - firstID), NewAttemptRows.column)
    }
    var verdicts = [RecordVerdict](repeating: .inserted, count: attempts.count)
    if Int(sqlite3_changes(connection)) < attempts.count {
      try find(&verdicts, attempts, events: events, firstID: firstID)
    }
    for index in attempts.indices where verdicts[index] == .inserted {
      try noteSpan(of: firstID + Int64(index), webhook: attempts[index].webhookKey)
    }
    return verdicts
  }

  /// Sees which attempts the log had: their rows have other numbers.
  private func find(
    _ verdicts: inout [RecordVerdict], _ attempts: UnsafeBufferPointer<AttemptRow>, events: [Int64],
    firstID: Int64
  ) throws {
    let find = findAttempt.sqliteStatement
    for index in attempts.indices {
      sqlite3_bind_int64(find, 1, events[attempts[index].event])
      sqlite3_bind_int64(find, 2, attempts[index].webhookKey)
      sqlite3_bind_int64(find, 3, Int64(attempts[index].run))
      sqlite3_bind_int64(find, 4, Int64(attempts[index].number))
      defer { sqlite3_reset(find) }
      guard sqlite3_step(find) == SQLITE_ROW else { throw DatabaseError(lastOf: connection) }
      if sqlite3_column_int64(find, 0) != firstID + Int64(index) { verdicts[index] = .duplicate }
    }
  }

  private func noteSpan(of id: Int64, webhook: Int64) throws {
    if id >> LogQuery.spanBits != span {
      span = id >> LogQuery.spanBits
      webhooksOfSpan.removeAll(keepingCapacity: true)
    }
    guard webhooksOfSpan.insert(webhook).inserted else { return }
    sqlite3_bind_int64(insertSpan.sqliteStatement, 1, span)
    sqlite3_bind_int64(insertSpan.sqliteStatement, 2, webhook)
    try run(insertSpan)
  }

  /// Inserts a row of the backlog. Where its delivery waits there already, that row gets a new generation:
  /// whoever is about to take it out sees that it came back, and leaves it.
  func insert(_ row: BacklogRow, event: Int64) throws {
    try insertBacklog.execute(arguments: [
      event, row.webhookKey, row.run, row.attempt, row.firstAttemptAt.nanoseconds,
      row.state.rawValue, row.reason, Timestamp.now().nanoseconds, row.dueAt.nanoseconds,
      row.trigger.rawValue,
    ])
  }

  private func run<Rows>(
    _ statement: Statement, _ rows: Rows, count: Int,
    _ column: RowTable.Column
  ) throws {
    try withUnsafePointer(to: rows) { memory in
      var rows = sealpost_rows(memory: memory, count: Int64(count), column: column)
      try withUnsafePointer(to: &rows) { rows in
        sealpost_bind_rows(statement.sqliteStatement, 1, rows)
        defer { sqlite3_bind_null(statement.sqliteStatement, 1) }
        try run(statement)
      }
    }
  }

  private func run(_ statement: Statement) throws {
    let code = sqlite3_step(statement.sqliteStatement)
    let error = code == SQLITE_DONE ? nil : DatabaseError(lastOf: connection)
    sqlite3_reset(statement.sqliteStatement)
    if let error { throw error }
  }
}
