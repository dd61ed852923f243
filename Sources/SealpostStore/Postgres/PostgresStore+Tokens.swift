public import SealpostCore

extension PostgresStore: APITokenStore {
  /// As `APITokenStore` says.
  public func add(_ token: APIToken) async throws(StoreError) {
    try await write { connection in
      _ = try connection.query(
        """
        INSERT INTO api_tokens (id, name, account, scopes, hash, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        [
          token.id, token.name, token.account,
          token.scopes.map(\.rawValue).sorted().joined(separator: ","), token.hash,
          token.createdAt.nanoseconds, token.expiresAt?.nanoseconds,
        ])
    }
  }

  /// As `APITokenStore` says.
  public func apiToken(_ id: String) async throws(StoreError) -> APIToken? {
    try await read { connection in
      try connection.query("SELECT * FROM api_tokens WHERE id = $1", [id]).first
        .map(Self.apiToken)
    }
  }

  /// As `APITokenStore` says.
  public func apiTokens(account: String?) async throws(StoreError) -> [APIToken] {
    try await read { connection in
      try connection.query(
        """
        SELECT * FROM api_tokens WHERE $1::text IS NULL OR account = $1
        ORDER BY created_at DESC, id COLLATE "C"
        """, [account]
      ).map(Self.apiToken)
    }
  }

  /// As `APITokenStore` says.
  public func revokeAPIToken(_ id: String) async throws(StoreError) {
    try await write { connection in
      let revoked = try connection.query(
        "UPDATE api_tokens SET revoked_at = coalesce(revoked_at, $1) WHERE id = $2",
        [Timestamp.now().nanoseconds, id])
      guard revoked.affected == 1 else { throw StoreError.notFound("API token \(id)") }
    }
  }

  private static func apiToken(_ row: PostgresRow) -> APIToken {
    func time(_ column: String) -> Timestamp? {
      (row[column] as Int64?).map { Timestamp(nanoseconds: $0) }
    }
    return APIToken(
      id: row["id"], name: row["name"], account: row["account"],
      scopes: Set(
        (row["scopes"] as String).split(separator: ",")
          .compactMap { AccessScope(rawValue: String($0)) }),
      hash: row["hash"], createdAt: Timestamp(nanoseconds: row["created_at"]),
      expiresAt: time("expires_at"), revokedAt: time("revoked_at"))
  }
}

extension PostgresStore: AuditLog {
  /// As `AuditLog` says.
  public func append(_ entry: AuditEntry) async throws(StoreError) {
    try await write { try Self.append(entry, $0) }
  }

  static func append(_ entry: AuditEntry, _ connection: PostgresConnection) throws {
    try connection.query(
      """
      INSERT INTO audit (account, actor, action, subject, detail, at)
      VALUES ($1, $2, $3, $4, $5, $6)
      """,
      [
        entry.account, entry.actor, entry.action, entry.subject, entry.detail,
        entry.at.nanoseconds,
      ])
  }

  /// As `AuditLog` says.
  public func audit(account: String?, before: Int64?, limit: Int) async throws(StoreError)
    -> [AuditEntry]
  {
    try await read { connection in
      try connection.query(
        """
        SELECT * FROM audit WHERE ($1::text IS NULL OR account = $1) AND id < $2
        ORDER BY id DESC LIMIT $3
        """, [account, before ?? .max, limit]
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
    try await write { connection in
      // Entries rise in time with their ids, so the old ones are at the beginning.
      try connection.query(
        """
        DELETE FROM audit WHERE at < $1 AND id IN (SELECT id FROM audit ORDER BY id LIMIT $2)
        """, [limit.nanoseconds, slice]
      ).affected
    }
  }
}
