import SealpostCore

extension PostgresStore: AccountStore {
  private static let webhooksOf = "SELECT key FROM webhooks WHERE account = $1"

  /// The tables besides those of events and deliveries: what they hold, and which rows are an account's.
  /// Answers come before the tokens by which they are found.
  private static let tables: [(kind: String, table: String, condition: String)] = [
    ("replays", "replays", "webhook IN (\(webhooksOf))"),
    ("notices", "notices", "account = $1"),
    ("rejected messages", "rejected", "account = $1"),
    (
      "kept answers", "idempotency",
      "owner IN (SELECT id FROM api_tokens WHERE account = $1)"
    ),
    ("API tokens", "api_tokens", "account = $1"),
    ("audit entries", "audit", "account = $1"),
  ]

  /// As `AccountStore` says.
  public func holdings(of account: String) async throws(StoreError) -> [AccountHolding] {
    try await read { connection in
      let all =
        [
          ("webhooks", "webhooks", "account = $1 AND deleted_at IS NULL"),
          ("events", "events", "account = $1"),
          ("attempts", "attempts", "webhook IN (\(Self.webhooksOf))"),
          ("deliveries in the backlog", "backlog", "webhook IN (\(Self.webhooksOf))"),
        ] + Self.tables
      return try all.map { kind, table, condition in
        AccountHolding(
          kind: kind,
          count: try connection.query(
            "SELECT count(*) FROM \(table) WHERE \(condition)", [account])[0][0])
      }
    }
  }

  /// As `AccountStore` says.
  public func closeAccount(_ account: String) async throws(StoreError) {
    try await write { connection in
      let now = Timestamp.now().nanoseconds
      let revision = try Self.nextRevision(connection)
      try connection.query(
        """
        UPDATE replays SET state = 'cancelled', ended_at = $2
        WHERE state = 'running' AND webhook IN (\(Self.webhooksOf))
        """, [account, now])
      try connection.query(
        """
        UPDATE webhooks SET deleted_at = coalesce(deleted_at, $2), purged_at = $2, revision = $3,
          token = '', previous_token = NULL, overlap_until = NULL, sealed_headers = NULL,
          client_chain = NULL, client_key = NULL, client_subject = NULL
        WHERE account = $1
        """, [account, now, revision])
      try connection.query(
        "UPDATE api_tokens SET revoked_at = coalesce(revoked_at, $2) WHERE account = $1",
        [account, now])
    }
  }

  /// As `AccountStore` says. Events come first, by ranges of their keys, then the other tables.
  public func removeRows(of account: String, after position: Int64?, slice: Int)
    async throws(StoreError) -> RemovalProgress
  {
    try await write { connection in
      let newest: Int64 = try connection.query("SELECT coalesce(max(key), 0) FROM events")[0][0]
      let start = position ?? 0
      if start < newest {
        let end = min(start + Int64(slice), newest)
        return RemovalProgress(
          position: end,
          removed: try Self.removeEvents(of: account, from: start, to: end, connection),
          share: Double(end) / Double(newest))
      }
      let removed = try Self.removeOthers(of: account, slice, connection)
      if removed == 0 { try Self.clearWebhooks(of: account, connection) }
      return RemovalProgress(
        position: removed == 0 ? nil : max(start, newest), removed: removed, share: 1)
    }
  }

  private static func removeEvents(
    of account: String, from start: Int64, to end: Int64, _ connection: PostgresConnection
  ) throws -> Int {
    let events = try connection.query(
      "SELECT day, key FROM events WHERE key > $1 AND key <= $2 AND account = $3",
      [start, end, account])
    let days = PostgresArray(events.map { $0[0] as Int64 })
    let keys = PostgresArray(events.map { $0[1] as Int64 })
    var removed = 0
    for (table, column) in [
      ("attempts", "event"), ("backlog", "event"), ("runs", "event"), ("events", "key"),
    ] {
      removed += try connection.query(
        """
        DELETE FROM \(table) t USING unnest($1, $2) AS g (day, key)
        WHERE t.day = g.day AND t.\(column) = g.key
        """, [days, keys]
      ).affected
    }
    return removed
  }

  /// Removes rows of the first table that still has some.
  private static func removeOthers(
    of account: String, _ slice: Int, _ connection: PostgresConnection
  ) throws -> Int {
    for (_, table, condition) in tables {
      let removed = try connection.query(
        """
        DELETE FROM \(table) WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM \(table) WHERE \(condition) LIMIT $2))
        """, [account, slice]
      ).affected
      if removed > 0 { return removed }
    }
    return 0
  }

  /// Leaves of the account's webhooks only by what their deliveries are known.
  private static func clearWebhooks(of account: String, _ connection: PostgresConnection) throws {
    try connection.query(
      """
      UPDATE webhooks SET account = '', name = '', url = '', scheme = '', events = '',
        token_key = '', retry = NULL, timeout = NULL
      WHERE account = $1 AND purged_at IS NOT NULL
      """, [account])
  }
}
