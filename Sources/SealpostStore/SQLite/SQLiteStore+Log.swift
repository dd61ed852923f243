import Foundation
import GRDB
public import SealpostCore

extension SQLiteStore: EventLog {
  private static let columns = """
    SELECT a.*, e.account, e.id AS event_id, e.name AS event_name, w.id AS webhook_id,
      w.name AS webhook_name
    FROM attempts a JOIN events e ON e.key = a.event JOIN webhooks w ON w.key = a.webhook
    """

  /// Rows of the log under one key of the index by webhook: 2^16 of them. Their entries stand together, so
  /// the index grows at its end, and the rows of a webhook are found chunk by chunk.
  private static let chunkBits: Int64 = 16

  /// As `EventLog` says.
  public func attempts(_ filter: LogFilter) async throws(StoreError) -> [LogEntry] {
    try await read { database in
      var found: [LogEntry] = []
      guard filter.webhook != nil || filter.account != nil else {
        return try Self.attempts(filter, in: nil, limit: filter.limit, database)
      }
      let bounds = try Row.fetchOne(database, sql: "SELECT min(id), max(id) FROM attempts")
      guard let bounds, let first = bounds[0] as Int64?, let last = bounds[1] as Int64? else {
        return []
      }
      let oldest = max(first, filter.after ?? first) >> Self.chunkBits
      let newest = last >> Self.chunkBits
      guard oldest <= newest else { return [] }
      for step in 0...(newest - oldest) where found.count < filter.limit {
        found += try Self.attempts(
          filter, in: filter.after == nil ? newest - step : oldest + step,
          limit: filter.limit - found.count, database)
      }
      return found
    }
  }

  private static func attempts(
    _ filter: LogFilter, in chunk: Int64?, limit: Int, _ database: Database
  ) throws -> [LogEntry] {
    var conditions: [String] = []
    var arguments: StatementArguments = []
    func add(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
      guard let value else { return }
      conditions.append(condition)
      arguments += [value]
    }
    add("a.id >> \(chunkBits) = ?", chunk)
    add("a.webhook IN (SELECT key FROM webhooks WHERE account = ?)", filter.account)
    add("a.webhook IN (SELECT key FROM webhooks WHERE id = ?)", filter.webhook)
    add("e.id = ?", filter.event)
    add("a.outcome = ?", filter.outcome?.rawValue)
    add("a.id > ?", filter.after)
    let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
    arguments += [limit]
    let order = filter.after == nil ? "DESC" : "ASC"
    return try Row.fetchAll(
      database.cachedStatement(
        sql: "\(columns) \(condition) ORDER BY a.id \(order) LIMIT ?"),
      arguments: arguments
    ).map(entry)
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
  public func newRun(ofAttempt id: Int64) async throws(StoreError) -> Resend {
    try await newRun("attempts", id, "log entry")
  }

  /// Takes the number of a new run for good, so that two who send the same again have different ones.
  func newRun(_ table: String, _ id: Int64, _ what: String) async throws(StoreError) -> Resend {
    try await write { database in
      guard
        let row = try Row.fetchOne(
          database,
          sql: """
            SELECT r.event, r.webhook, e.account, e.id AS event_id, e.name AS event_name, e.body,
              w.id AS webhook_id, w.deleted_at, (SELECT revision FROM store_version) AS revision
            FROM \(table) r JOIN events e ON e.key = r.event JOIN webhooks w ON w.key = r.webhook
            WHERE r.id = ?
            """, arguments: [id])
      else { throw StoreError.notFound("\(what) \(id)") }
      guard row["deleted_at"] as Int64? == nil else {
        throw StoreError.notFound("webhook \(row["webhook_id"] as String): it was deleted")
      }
      let delivery: StatementArguments = [row["event"], row["webhook"]]
      let run =
        try Int.fetchOne(
          database,
          sql: """
            INSERT INTO runs (event, webhook, last) VALUES (?, ?, 1)
            ON CONFLICT (event, webhook) DO UPDATE SET last = last + 1 RETURNING last
            """, arguments: delivery) ?? 1
      return Resend(
        account: row["account"], eventID: row["event_id"], eventName: row["event_name"],
        body: Array(row["body"] as Data), webhookID: row["webhook_id"], run: run,
        revision: row["revision"])
    }
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
