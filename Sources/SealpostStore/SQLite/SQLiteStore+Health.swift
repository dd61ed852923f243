import Foundation
import GRDB
import SealpostCore

extension SQLiteStore: HealthStore {
  private static let quietTime = Duration.seconds(3600)

  /// As `HealthStore` says.
  public func apply(_ changes: [HealthChange]) throws(StoreError) {
    try writeBlocking { [self] database in
      for change in changes where try set(change, database) {
        try keepNotice(change, database)
      }
    }
  }

  /// Compares and sets; whether it is this change's doing.
  private func set(_ change: HealthChange, _ database: Database) throws -> Bool {
    let now = Timestamp.now().nanoseconds
    func update(_ assignment: String, where condition: String) throws -> Bool {
      try database.execute(
        sql:
          "UPDATE webhooks SET \(assignment) WHERE key = ? AND deleted_at IS NULL AND \(condition)",
        arguments: [now, change.webhookKey])
      guard database.changesCount == 1 else { return false }
      let revision = try nextRevision(database)
      try database.execute(
        sql: "UPDATE webhooks SET revision = ? WHERE key = ?",
        arguments: [revision, change.webhookKey])
      return true
    }
    switch change.kind {
    case .unhealthy:
      return try update("health = 'unhealthy', health_since = ?", where: "health = 'healthy'")
    case .suspended:
      return try update("health = 'suspended', health_since = ?", where: "health <> 'suspended'")
    case .recovered:
      return try update("health = 'healthy', health_since = ?", where: "health <> 'healthy'")
    case .gone: return try update("active = 0, updated_at = ?", where: "active = 1")
    case .exhausted: return true
    }
  }

  private func keepNotice(_ change: HealthChange, _ database: Database) throws {
    let now = Timestamp.now()
    let isQuiet = try Bool.fetchOne(
      database,
      sql:
        "SELECT EXISTS (SELECT 1 FROM notices WHERE webhook = ? AND kind = ? AND created_at > ?)",
      arguments: [
        change.webhookKey, change.kind.rawValue,
        now.nanoseconds - Self.quietTime.nanoseconds,
      ])
    guard isQuiet == false,
      let row = try Row.fetchOne(
        database, sql: "SELECT id, account, name, url FROM webhooks WHERE key = ?",
        arguments: [change.webhookKey])
    else { return }
    let body = NoticeBody(
      change, webhook: row["id"], name: row["name"], url: row["url"], triggeredAt: now)
    try database.execute(
      sql:
        "INSERT INTO notices (account, webhook, kind, body, created_at, traceparent) VALUES (?, ?, ?, ?, ?, ?)",
      arguments: [
        row["account"] as String, change.webhookKey, change.kind.rawValue,
        try body.json(), now.nanoseconds, change.traceparent,
      ])
  }

  /// As `HealthStore` says.
  public func unpublishedNotices(limit: Int) throws(StoreError) -> [Notice] {
    try readBlocking { database in
      try Row.fetchAll(
        database.cachedStatement(
          sql: """
            SELECT n.*, w.id AS webhook_id FROM notices n JOIN webhooks w ON w.key = n.webhook
            WHERE n.published_at IS NULL ORDER BY n.id LIMIT ?
            """), arguments: [limit]
      ).compactMap { row in
        NoticeKind(rawValue: row["kind"]).map {
          Notice(
            id: row["id"], account: row["account"], webhookID: row["webhook_id"], kind: $0,
            body: Array(row["body"] as Data), traceparent: row["traceparent"])
        }
      }
    }
  }

  /// As `HealthStore` says.
  public func notePublished(_ notices: [Int64]) throws(StoreError) {
    try writeBlocking { database in
      for notice in notices {
        try database.execute(
          sql: "UPDATE notices SET published_at = ? WHERE id = ?",
          arguments: [Timestamp.now().nanoseconds, notice])
      }
    }
  }
}
