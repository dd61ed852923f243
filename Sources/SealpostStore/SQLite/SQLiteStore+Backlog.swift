import Foundation
import GRDB
import SealpostCore

extension SQLiteStore: Backlog {
  private static let entries = """
    SELECT b.*, e.account, e.id AS event_id, e.name AS event_name, w.id AS webhook_id,
      w.name AS webhook_name
    FROM backlog b JOIN events e ON e.key = b.event JOIN webhooks w ON w.key = b.webhook
    """

  /// As `Backlog` says.
  public func backlog(_ filter: BacklogFilter) async throws(StoreError) -> [BacklogEntry] {
    var conditions = ["b.state IN (\(Self.list(filter.states)))", "b.id > :after"]
    if filter.account != nil {
      conditions.append("b.webhook IN (SELECT key FROM webhooks WHERE account = :account)")
    }
    if filter.webhook != nil {
      conditions.append("b.webhook IN (SELECT key FROM webhooks WHERE id = :webhook)")
    }
    let sql = """
      \(Self.entries) WHERE \(conditions.joined(separator: " AND ")) ORDER BY b.id LIMIT :limit
      """
    return try await read { database in
      var arguments: StatementArguments = ["after": filter.after ?? -1, "limit": filter.limit]
      if let account = filter.account { arguments += ["account": account] }
      if let webhook = filter.webhook { arguments += ["webhook": webhook] }
      return try database.limited(to: .people) {
        try Row.fetchAll(database, sql: sql, arguments: arguments).map(Self.backlogEntry)
      }
    }
  }

  /// As `Backlog` says.
  public func backlog(_ id: Int64) async throws(StoreError) -> BacklogEntry {
    try await read { database in
      guard
        let row = try Row.fetchOne(
          database, sql: "\(Self.entries) WHERE b.id = ?", arguments: [id])
      else { throw StoreError.notFound("dead delivery \(id)") }
      return Self.backlogEntry(row)
    }
  }

  /// As `Backlog` says.
  public func backlogCounts(account: String?, upTo limit: Int) async throws(StoreError)
    -> [BacklogState: Int]
  {
    try await read { database in
      var counts: [BacklogState: Int] = [:]
      for state in BacklogState.allCases {
        let mine =
          account == nil ? "" : "AND webhook IN (SELECT key FROM webhooks WHERE account = ?)"
        counts[state] = try Int.fetchOne(
          database,
          sql: """
            SELECT count(*) FROM (SELECT 1 FROM backlog WHERE state = '\(state.rawValue)' \(mine)
              LIMIT ?)
            """, arguments: account.map { [$0, limit] } ?? [limit])
      }
      return counts
    }
  }

  /// As `Backlog` says.
  public func revive(_ id: Int64) async throws(StoreError) {
    try await write { database in
      let row = try Row.fetchOne(
        database,
        sql: """
          SELECT b.event, b.webhook, b.state, w.id AS webhook_id, w.deleted_at
          FROM backlog b JOIN webhooks w ON w.key = b.webhook WHERE b.id = ?
          """, arguments: [id])
      guard let row else { throw StoreError.notFound("dead delivery \(id)") }
      guard row["deleted_at"] as Int64? == nil else {
        throw StoreError.notFound("webhook \(row["webhook_id"] as String): it was deleted")
      }
      guard row["state"] != BacklogState.waiting.rawValue else { return }
      let run = try Self.nextRun(event: row["event"], webhook: row["webhook"], database)
      try Self.revive(id, run: run, .manual, reason: "requeued", dueAt: .now(), database)
    }
  }

  /// Makes an ended row one that waits, in its place: there is no moment at which the delivery is nowhere.
  static func revive(
    _ id: Int64, run: Int, _ trigger: AttemptTrigger, reason: String, dueAt: Timestamp,
    _ database: Database
  ) throws {
    try database.execute(
      sql: """
        UPDATE backlog SET state = 'waiting', reason = ?5, trigger = ?6, run = ?2, attempt = 1,
          first_attempt_at = ?3, created_at = ?3, due_at = ?4, generation = generation + 1
        WHERE id = ?1
        """,
      arguments: [
        id, run, Timestamp.now().nanoseconds, dueAt.nanoseconds, reason, trigger.rawValue,
      ])
  }

  /// As `Backlog` says.
  public func removeBacklog(_ id: Int64) async throws(StoreError) {
    try await write { database in
      try database.execute(sql: "DELETE FROM backlog WHERE id = ?", arguments: [id])
      guard database.changesCount == 1 else { throw StoreError.notFound("dead delivery \(id)") }
    }
  }

  private static func list(_ states: [BacklogState]) -> String {
    states.map { "'\($0.rawValue)'" }.joined(separator: ", ")
  }

  private static func backlogEntry(_ row: Row) -> BacklogEntry {
    BacklogEntry(
      id: row["id"], account: row["account"], eventID: row["event_id"],
      eventName: row["event_name"], webhookID: row["webhook_id"],
      webhookName: row["webhook_name"], run: row["run"], attempt: row["attempt"],
      state: BacklogState(rawValue: row["state"]) ?? .parked, reason: row["reason"],
      createdAt: Timestamp(nanoseconds: row["created_at"]))
  }
}
