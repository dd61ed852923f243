import Foundation
import GRDB
public import SealpostCore

extension SQLiteStore: APITokenStore {
  /// As `APITokenStore` says.
  public func add(_ token: APIToken) async throws(StoreError) {
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO api_tokens (id, name, account, scopes, hash, created_at, expires_at)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          token.id, token.name, token.account,
          token.scopes.map(\.rawValue).sorted().joined(separator: ","), Data(token.hash),
          token.createdAt.nanoseconds, token.expiresAt?.nanoseconds,
        ])
    }
  }

  /// As `APITokenStore` says.
  public func apiToken(_ id: String) async throws(StoreError) -> APIToken? {
    try await read { database in
      try Row.fetchOne(
        database.cachedStatement(sql: "SELECT * FROM api_tokens WHERE id = ?"), arguments: [id]
      ).map(Self.apiToken)
    }
  }

  /// As `APITokenStore` says.
  public func apiTokens(account: String?) async throws(StoreError) -> [APIToken] {
    try await read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT * FROM api_tokens WHERE ?1 IS NULL OR account = ?1 ORDER BY created_at DESC, id
          """, arguments: [account]
      ).map(Self.apiToken)
    }
  }

  /// As `APITokenStore` says.
  public func revokeAPIToken(_ id: String) async throws(StoreError) {
    try await write { database in
      try database.execute(
        sql: "UPDATE api_tokens SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?",
        arguments: [Timestamp.now().nanoseconds, id])
      guard database.changesCount == 1 else { throw StoreError.notFound("API token \(id)") }
    }
  }

  private static func apiToken(_ row: Row) -> APIToken {
    func time(_ column: String) -> Timestamp? {
      (row[column] as Int64?).map { Timestamp(nanoseconds: $0) }
    }
    return APIToken(
      id: row["id"], name: row["name"], account: row["account"],
      scopes: Set(
        (row["scopes"] as String).split(separator: ",")
          .compactMap { AccessScope(rawValue: String($0)) }),
      hash: Array(row["hash"] as Data), createdAt: Timestamp(nanoseconds: row["created_at"]),
      expiresAt: time("expires_at"), revokedAt: time("revoked_at"))
  }
}

extension SQLiteStore: AuditLog {
  /// As `AuditLog` says.
  public func append(_ entry: AuditEntry) async throws(StoreError) {
    try await write { try Self.append(entry, $0) }
  }

  static func append(_ entry: AuditEntry, _ database: Database) throws {
    try database.execute(
      sql: """
        INSERT INTO audit (account, actor, action, subject, detail, at) VALUES (?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        entry.account, entry.actor, entry.action, entry.subject, entry.detail,
        entry.at.nanoseconds,
      ])
  }

  /// As `AuditLog` says.
  public func audit(account: String?, before: Int64?, limit: Int) async throws(StoreError)
    -> [AuditEntry]
  {
    try await read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT * FROM audit WHERE \(account == nil ? "?1 IS NULL" : "account = ?1") AND id < ?2
          ORDER BY id DESC LIMIT ?3
          """, arguments: [account, before ?? .max, limit]
      ).map { row in
        var entry = AuditEntry(
          account: row["account"], actor: row["actor"], action: row["action"],
          subject: row["subject"], detail: row["detail"],
          at: Timestamp(nanoseconds: row["at"]))
        entry.id = row["id"]
        return entry
      }
    }
  }

  /// As `AuditLog` says.
  public func pruneAudit(olderThan limit: Timestamp, slice: Int) async throws(StoreError) -> Int {
    try await write { database in
      // Entries rise in time with their ids, so the old ones are at the beginning.
      try database.execute(
        sql: """
          DELETE FROM audit WHERE at < ? AND id IN (SELECT id FROM audit ORDER BY id LIMIT ?)
          """, arguments: [limit.nanoseconds, slice])
      return database.changesCount
    }
  }
}
