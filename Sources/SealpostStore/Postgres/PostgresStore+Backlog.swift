import SealpostCore

extension PostgresStore: Backlog {
  private static let entries = """
    SELECT b.*, e.account, e.id AS event_id, e.name AS event_name, w.id AS webhook_id,
      w.name AS webhook_name
    FROM backlog b JOIN events e ON e.day = b.day AND e.key = b.event
    JOIN webhooks w ON w.key = b.webhook
    """

  /// As `Backlog` says.
  public func backlog(_ filter: BacklogFilter) async throws(StoreError) -> [BacklogEntry] {
    try await read { connection in
      try connection.limited(to: QueryEffort.people.time) { _ in
        try connection.run(
          PostgresStatement(
            """
            \(Self.entries) WHERE b.state = ANY ($1) AND b.id > $2
              AND ($3::text IS NULL OR b.webhook IN (SELECT key FROM webhooks WHERE account = $3))
              AND ($4::text IS NULL OR b.webhook IN (SELECT key FROM webhooks WHERE id = $4))
            ORDER BY b.id LIMIT $5
            """,
            [
              PostgresArray(filter.states.map(\.rawValue)), filter.after ?? -1, filter.account,
              filter.webhook, filter.limit,
            ], isPrepared: false)
        ).map(Self.backlogEntry)
      }
    }
  }

  /// As `Backlog` says.
  public func backlog(_ id: Int64) async throws(StoreError) -> BacklogEntry {
    try await read { connection in
      guard let row = try connection.query("\(Self.entries) WHERE b.id = $1", [id]).first else {
        throw StoreError.notFound("dead delivery \(id)")
      }
      return Self.backlogEntry(row)
    }
  }

  /// As `Backlog` says.
  public func backlogCounts(account: String?, upTo limit: Int) async throws(StoreError)
    -> [BacklogState: Int]
  {
    try await read { connection in
      var counts: [BacklogState: Int] = [:]
      for state in BacklogState.allCases {
        counts[state] = try connection.query(
          """
          SELECT count(*) FROM (SELECT 1 FROM backlog WHERE state = $1 AND ($2::text IS NULL
            OR webhook IN (SELECT key FROM webhooks WHERE account = $2)) LIMIT $3) found
          """, [state.rawValue, account, limit])[0][0]
      }
      return counts
    }
  }

  /// As `Backlog` says.
  public func revive(_ id: Int64) async throws(StoreError) {
    try await write { connection in
      let row = try connection.query(
        """
        SELECT b.day, b.event, b.webhook, b.state, w.id AS webhook_id, w.deleted_at
        FROM backlog b JOIN webhooks w ON w.key = b.webhook WHERE b.id = $1 FOR UPDATE OF b
        """, [id]
      ).first
      guard let row else { throw StoreError.notFound("dead delivery \(id)") }
      guard row["deleted_at"] as Int64? == nil else {
        throw StoreError.notFound("webhook \(row["webhook_id"] as String): it was deleted")
      }
      guard row["state"] != BacklogState.waiting.rawValue else { return }
      let run = try Self.nextRun(
        day: row["day"], event: row["event"], webhook: row["webhook"], connection)
      try connection.run(
        Self.reviving(id, run: run, .manual, reason: "requeued", dueAt: .now()))
    }
  }

  /// Makes an ended row one that waits, in its place: there is no moment at which the delivery is nowhere.
  static func reviving(
    _ id: Int64, run: Int, _ trigger: AttemptTrigger, reason: String, dueAt: Timestamp
  ) -> PostgresStatement {
    PostgresStatement(
      """
      UPDATE backlog SET state = 'waiting', reason = $5, trigger = $6, run = $2, attempt = 1,
        first_attempt_at = $3, created_at = $3, due_at = $4, generation = generation + 1
      WHERE id = $1
      """,
      [id, run, Timestamp.now().nanoseconds, dueAt.nanoseconds, reason, trigger.rawValue])
  }

  /// As `Backlog` says.
  public func removeBacklog(_ id: Int64) async throws(StoreError) {
    try await write { connection in
      guard try connection.query("DELETE FROM backlog WHERE id = $1", [id]).affected == 1 else {
        throw StoreError.notFound("dead delivery \(id)")
      }
    }
  }

  private static func backlogEntry(_ row: PostgresRow) -> BacklogEntry {
    BacklogEntry(
      id: row["id"], account: row["account"], eventID: row["event_id"],
      eventName: row["event_name"], webhookID: row["webhook_id"],
      webhookName: row["webhook_name"], run: row["run"], attempt: row["attempt"],
      state: BacklogState(rawValue: row["state"]) ?? .parked, reason: row["reason"],
      createdAt: Timestamp(nanoseconds: row["created_at"]))
  }
}
