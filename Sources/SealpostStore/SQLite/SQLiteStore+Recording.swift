import Foundation
import GRDB
import SealpostCore
import Synchronization

extension SQLiteStore: RecordingStore {
  /// As `RecordingStore` says.
  public func record(_ batches: [RecordBatch]) throws(StoreError) -> [[RecordVerdict]] {
    try writeBlocking { database in
      let statements = try RecordStatements(database, eventHash)
      return try writerMemory.freshEvents.withLock { fresh in
        try fresh.catchUp(database)
        return try batches.map { try record($0, statements, &fresh, database) }
      }
    }
  }

  private func record(
    _ batch: RecordBatch, _ statements: RecordStatements, _ fresh: inout FreshEvents,
    _ database: Database
  ) throws -> [RecordVerdict] {
    let keys = try statements.keys(of: batch.events, &fresh)
    // Before the attempts: the end of one may take a row of this batch out again.
    for row in batch.backlog { try statements.insert(row, event: keys[row.event]) }
    // In place: a copy of a row counts references that the lanes' threads count too.
    return try batch.attempts.withUnsafeBufferPointer { rows in
      let verdicts = try statements.insert(rows, events: keys)
      for index in rows.indices
      where verdicts[index] == .inserted
        && (rows[index].isInBacklog || rows[index].outcome == .exhausted)
      {
        try end(rows[index], event: keys[rows[index].event], statements, database)
      }
      return verdicts
    }
  }

  /// Carries out what the end of a delivery means for the backlog.
  private func end(
    _ row: borrowing AttemptRow, event: Int64, _ statements: RecordStatements,
    _ database: Database
  ) throws {
    if row.isInBacklog, row.outcome != .retry {
      try database.cachedStatement(
        sql: """
          DELETE FROM backlog WHERE event = ? AND webhook = ? AND run = ? AND state = 'waiting'
          """
      ).execute(arguments: [event, row.webhookKey, row.run])
    }
    if row.outcome == .exhausted {
      try statements.insert(
        BacklogRow(
          event: row.event, webhookKey: row.webhookKey, run: row.run, attempt: row.number,
          firstAttemptAt: row.firstAttemptAt, state: .exhausted,
          reason: row.reason?.id ?? "exhausted"),
        event: event)
    }
  }

  /// As `RecordingStore` says.
  public func progress(of deliveries: [DeliveryQuery]) throws(StoreError) -> [DeliveryProgress] {
    // On the writer's connection: what this process committed a moment ago must be seen.
    try writeBlocking { database in
      let finder = try EventFinder(database, eventHash)
      return try deliveries.map { query in
        guard let event = try finder.key(of: query) else { return .unknown }
        return try progress(query, event: event, database)
      }
    }
  }

  private func progress(_ query: DeliveryQuery, event: Int64, _ database: Database) throws
    -> DeliveryProgress
  {
    let state = try String.fetchOne(
      database.cachedStatement(
        sql: "SELECT state FROM backlog WHERE event = ? AND webhook = ? AND run = ?"),
      arguments: [event, query.webhookKey, query.run])
    switch state.flatMap({ BacklogState(rawValue: $0) }) {
    case .parked: return .parked
    case .waiting: return .waiting
    case .exhausted, nil: break
    }
    let rows = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT number, outcome, next_attempt_at FROM attempts
          WHERE event = ? AND webhook = ? AND run = ? AND number >= ? ORDER BY number LIMIT 2
          """), arguments: [event, query.webhookKey, query.run, query.attempt])
    guard let first = rows.first else { return .unknown }
    guard first["number"] == query.attempt, rows.count == 1 else { return .superseded }
    guard first["outcome"] == AttemptOutcome.retry.rawValue else { return .ended }
    return .retryPending(dueAt: Timestamp(nanoseconds: first["next_attempt_at"] ?? 0))
  }

  /// As `RecordingStore` says.
  public func beginSuspects(_ messageKeys: [String], worker: String, isAlone: Bool)
    throws(StoreError) -> [SuspectVerdict]
  {
    try writeBlocking { database in
      let statement = try database.cachedStatement(
        sql: """
          INSERT INTO suspects (message, worker, since, alone) VALUES (?1, ?2, ?3, ?4)
          ON CONFLICT (message) DO UPDATE SET worker = ?2, since = ?3, alone = TRUE
            WHERE ?4 AND (worker = ?2 OR NOT alone)
          """)
      return try messageKeys.map { key in
        try statement.execute(arguments: [key, worker, Timestamp.now().nanoseconds, isAlone])
        let note = try Row.fetchOne(
          database, sql: "SELECT worker, alone FROM suspects WHERE message = ?", arguments: [key])
        guard let note else { return .taken }
        return SuspectVerdict(noted: note["worker"], isAlone: note["alone"], worker: worker)
      }
    }
  }

  /// As `RecordingStore` says.
  public func endSuspects(_ messageKeys: [String]) throws(StoreError) {
    try writeBlocking { database in
      for key in messageKeys {
        try database.execute(sql: "DELETE FROM suspects WHERE message = ?", arguments: [key])
      }
    }
  }

  /// As `RecordingStore` says.
  public func keepRejected(_ messages: [RejectedDraft]) throws(StoreError) {
    try writeBlocking { database in
      let statement = try database.cachedStatement(
        sql: """
          INSERT INTO rejected (account, reason, detail, message_id, body, received_at)
          VALUES (?, ?, ?, ?, ?, ?)
          """)
      for message in messages {
        try statement.execute(arguments: [
          message.account, message.reason, message.detail, message.messageID, Data(message.body),
          message.receivedAt.nanoseconds,
        ])
      }
    }
  }
}
