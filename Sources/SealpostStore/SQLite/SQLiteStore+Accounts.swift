import Foundation
import GRDB
import SealpostCore

extension SQLiteStore: AccountStore {
  private static let webhooksOf = "SELECT key FROM webhooks WHERE account = ?1"

  /// The tables besides those of events and deliveries: what they hold, and which rows are an account's.
  private static let tables: [(kind: String, table: String, condition: String)] = [
    ("replays", "replays", "webhook IN (\(webhooksOf))"),
    ("notices", "notices", "account = ?1"),
    ("rejected messages", "rejected", "account = ?1"),
    (
      "kept answers", "idempotency",
      "owner IN (SELECT id FROM api_tokens WHERE account = ?1)"
    ),
    ("API tokens", "api_tokens", "account = ?1"),
    ("audit entries", "audit", "account = ?1"),
  ]

  /// As `AccountStore` says.
  public func holdings(of account: String) async throws(StoreError) -> [AccountHolding] {
    try await read { database in
      func count(_ sql: String) throws -> Int {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM \(sql)", arguments: [account]) ?? 0
      }
      var holdings = [
        AccountHolding(
          kind: "webhooks", count: try count("webhooks WHERE account = ?1 AND deleted_at IS NULL")),
        AccountHolding(kind: "events", count: try count("events WHERE account = ?1")),
        AccountHolding(
          kind: "attempts", count: try count("attempts WHERE webhook IN (\(Self.webhooksOf))")),
        AccountHolding(
          kind: "deliveries in the backlog",
          count: try count("backlog WHERE webhook IN (\(Self.webhooksOf))")),
      ]
      for (kind, table, condition) in Self.tables {
        holdings.append(
          AccountHolding(kind: kind, count: try count("\(table) WHERE \(condition)")))
      }
      return holdings
    }
  }

  /// As `AccountStore` says.
  public func closeAccount(_ account: String) async throws(StoreError) {
    try await write { [self] database in
      let now = Timestamp.now().nanoseconds
      let revision = try nextRevision(database)
      try database.withSecureDeletion {
        try database.execute(
          sql: """
            UPDATE replays SET state = 'cancelled', ended_at = ?2
            WHERE state = 'running' AND webhook IN (\(Self.webhooksOf))
            """, arguments: [account, now])
        try database.execute(
          sql: """
            UPDATE webhooks SET deleted_at = coalesce(deleted_at, ?2), purged_at = ?2, revision = ?3,
              token = x'', previous_token = NULL, overlap_until = NULL, sealed_headers = NULL,
              client_chain = NULL, client_key = NULL, client_subject = NULL
            WHERE account = ?1
            """, arguments: [account, now, revision])
        try database.execute(
          sql: "UPDATE api_tokens SET revoked_at = coalesce(revoked_at, ?2) WHERE account = ?1",
          arguments: [account, now])
      }
    }
  }

  /// As `AccountStore` says. Events come first, by ranges of their keys, so that no step looks at many rows
  /// of others while workers wait; then the other tables.
  public func removeRows(of account: String, after position: Int64?, slice: Int)
    async throws(StoreError) -> RemovalProgress
  {
    let progress = try await write { database in
      try database.withSecureDeletion {
        let newest = try Int64.fetchOne(database, sql: "SELECT max(key) FROM events") ?? 0
        let start = position ?? 0
        if start < newest {
          let end = min(start + Int64(slice), newest)
          return RemovalProgress(
            position: end,
            removed: try Self.removeEvents(of: account, from: start, to: end, database),
            share: Double(end) / Double(newest))
        }
        let removed = try Self.removeOthers(of: account, slice, database)
        if removed == 0 { try Self.clearWebhooks(of: account, database) }
        return RemovalProgress(
          position: removed == 0 ? nil : max(start, newest), removed: removed, share: 1)
      }
    }
    if progress.position == nil { forgetOverwrittenPages() }
    return progress
  }

  private static func removeEvents(
    of account: String, from start: Int64, to end: Int64, _ database: Database
  ) throws -> Int {
    let events = "SELECT key FROM events WHERE key > ?1 AND key <= ?2 AND account = ?3"
    var removed = 0
    for table in ["attempts", "backlog", "runs"] {
      try database.execute(
        sql: "DELETE FROM \(table) WHERE event IN (\(events))", arguments: [start, end, account])
      removed += database.changesCount
    }
    try database.execute(
      sql: "DELETE FROM events WHERE key > ?1 AND key <= ?2 AND account = ?3",
      arguments: [start, end, account])
    return removed + database.changesCount
  }

  private static func removeOthers(of account: String, _ slice: Int, _ database: Database) throws
    -> Int
  {
    try database.execute(
      sql: """
        DELETE FROM attempt_spans WHERE (span, webhook) IN (
          SELECT span, webhook FROM attempt_spans
          WHERE webhook IN (SELECT key FROM webhooks WHERE purged_at IS NOT NULL) LIMIT ?)
        """, arguments: [slice])
    var removed = database.changesCount
    for (_, table, condition) in tables {
      // The first table that still has rows is emptied before the next: answers are found by the tokens.
      let key = table == "idempotency" ? "(owner, key)" : table == "api_tokens" ? "id" : "rowid"
      let columns = key.trimmingCharacters(in: ["(", ")"])
      try database.execute(
        sql: """
          DELETE FROM \(table) WHERE \(key) IN (
            SELECT \(columns) FROM \(table) WHERE \(condition) LIMIT ?2)
          """, arguments: [account, slice])
      removed += database.changesCount
      if removed > 0 { break }
    }
    return removed
  }

  /// Leaves of the account's webhooks only by what their deliveries are known.
  private static func clearWebhooks(of account: String, _ database: Database) throws {
    try database.execute(
      sql: """
        UPDATE webhooks SET account = '', name = '', url = '', scheme = '', events = '', headers = '[]',
          token_key = '', retry = NULL, timeout = NULL
        WHERE account = ?1 AND purged_at IS NOT NULL
        """, arguments: [account])
  }
}
