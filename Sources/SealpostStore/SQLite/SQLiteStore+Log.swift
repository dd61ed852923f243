import Foundation
import GRDB
public import SealpostCore

extension SQLiteStore: EventLog {
  private static let columns = """
    SELECT a.*, e.account, e.id AS event_id, e.name AS event_name, w.id AS webhook_id,
      w.name AS webhook_name
    FROM attempts a JOIN events e ON e.key = a.event JOIN webhooks w ON w.key = a.webhook
    """

  /// As `EventLog` says.
  public func attempts(_ filter: LogFilter) async throws(StoreError) -> [LogEntry] {
    try await read { [self] database in
      let query = try database.limited(to: QueryEffort(time: filter.effort.time, rows: nil)) {
        try LogQuery(filter, eventHash, database)
      }
      let statement = try database.cachedStatement(sql: "\(Self.columns) WHERE a.id = ?")
      return try query?.ids(database).compactMap { id in
        try Row.fetchOne(statement, arguments: [id]).map(Self.entry)
      } ?? []
    }
  }

  /// As `EventLog` says.
  public func attempt(_ id: Int64) async throws(StoreError) -> LogEntry {
    try await read { database in
      guard
        let row = try Row.fetchOne(
          database, sql: "\(Self.columns) WHERE a.id = ?", arguments: [id])
      else { throw StoreError.notFound("log entry \(id)") }
      return Self.entry(row)
    }
  }

  /// As `EventLog` says.
  public func eventBody(ofAttempt id: Int64) async throws(StoreError) -> [UInt8] {
    try await read { database in
      guard
        let body = try Data.fetchOne(
          database,
          sql: "SELECT e.body FROM attempts a JOIN events e ON e.key = a.event WHERE a.id = ?",
          arguments: [id])
      else { throw StoreError.notFound("log entry \(id)") }
      return Array(body)
    }
  }

  /// As `EventLog` says.
  public func newRun(ofAttempt id: Int64) async throws(StoreError) -> Resend {
    try await write { database in
      guard
        let row = try Row.fetchOne(
          database,
          sql: """
            SELECT r.event, r.webhook, e.account, e.id AS event_id, e.name AS event_name, e.body,
              e.traceparent, w.id AS webhook_id, w.deleted_at, (SELECT revision FROM store_version) AS revision
            FROM attempts r JOIN events e ON e.key = r.event JOIN webhooks w ON w.key = r.webhook
            WHERE r.id = ?
            """, arguments: [id])
      else { throw StoreError.notFound("log entry \(id)") }
      guard row["deleted_at"] as Int64? == nil else {
        throw StoreError.notFound("webhook \(row["webhook_id"] as String): it was deleted")
      }
      let run = try Self.nextRun(event: row["event"], webhook: row["webhook"], database)
      return Resend(
        account: row["account"], eventID: row["event_id"], eventName: row["event_name"],
        body: Array(row["body"] as Data), webhookID: row["webhook_id"], run: run,
        trigger: .manual, revision: row["revision"], traceparent: row["traceparent"])
    }
  }

  /// Takes the number of a new run for good, so that two who send the same again have different ones.
  static func nextRun(event: Int64, webhook: Int64, _ database: Database) throws -> Int {
    // A test delivery begins with a run that is in no row of `runs`.
    try Int.fetchOne(
      database.cachedStatement(
        sql: """
          INSERT INTO runs (event, webhook, last) VALUES (?1, ?2, 1 + coalesce(
            (SELECT max(run) FROM attempts WHERE event = ?1 AND webhook = ?2), 0))
          ON CONFLICT (event, webhook) DO UPDATE SET last = last + 1 RETURNING last
          """), arguments: [event, webhook]) ?? 1
  }

  /// As `EventLog` says.
  public func prune(olderThan limit: Timestamp, slice: Int) async throws(StoreError) -> Int {
    try await write { database in
      // Rows rise in time with their keys, so the old ones are at the beginning.
      let attempts = try Row.fetchAll(
        database, sql: "SELECT id, sent_at FROM attempts ORDER BY id LIMIT ?", arguments: [slice]
      ).prefix { $0["sent_at"] < limit.nanoseconds }
      if let last = attempts.last {
        try database.execute(
          sql: "DELETE FROM attempts WHERE id <= ?", arguments: [last["id"] as Int64])
        try database.execute(
          sql: "DELETE FROM attempt_spans WHERE span < ?",
          arguments: [(last["id"] as Int64) >> LogQuery.spanBits])
      }
      let events = try Row.fetchAll(
        database,
        sql: """
          SELECT key, received_at, EXISTS (SELECT 1 FROM attempts WHERE event = key)
            OR EXISTS (SELECT 1 FROM backlog WHERE event = key) AS used
          FROM events ORDER BY key LIMIT ?
          """, arguments: [slice]
      ).prefix { $0["received_at"] < limit.nanoseconds }
      var removed = attempts.count
      for row in events where !(row["used"] as Bool) {
        try database.execute(
          sql: "DELETE FROM events WHERE key = ?", arguments: [row["key"] as Int64])
        try database.execute(
          sql: "DELETE FROM runs WHERE event = ?", arguments: [row["key"] as Int64])
        removed += 1
      }
      return removed
    }
  }

  private static func entry(_ row: Row) -> LogEntry {
    func time(_ column: String) -> Timestamp? {
      (row[column] as Int64?).map { Timestamp(nanoseconds: $0) }
    }
    let headers = row["response_headers"] as Data?
    return LogEntry(
      id: row["id"], account: row["account"], eventID: row["event_id"],
      eventName: row["event_name"],
      webhookID: row["webhook_id"], webhookName: row["webhook_name"], run: row["run"],
      number: row["number"], trigger: AttemptTrigger(rawValue: row["trigger"]) ?? .event,
      url: row["url"], sentAt: Timestamp(nanoseconds: row["sent_at"]),
      receivedAt: time("received_at"),
      timings: AttemptTimings(
        dns: row["dns"], connect: row["connect"], tls: row["tls"], firstByte: row["first_byte"],
        total: row["total"]),
      remoteAddress: row["remote_address"], status: row["status"],
      outcome: AttemptOutcome(rawValue: row["outcome"]) ?? .retry,
      reason: (row["reason"] as Int?).flatMap { AttemptReason(code: $0) },
      nextAttemptAt: time("next_attempt_at"),
      response: headers.map {
        ResponseExcerpt(headers: Array($0), body: Array((row["response_body"] as Data?) ?? Data()))
      })
  }
}
