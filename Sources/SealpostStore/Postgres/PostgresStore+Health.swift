import SealpostCore

extension PostgresStore: HealthStore {
  private static let quietTime = Duration.seconds(3600)

  /// As `HealthStore` says.
  public func apply(_ changes: [HealthChange]) throws(StoreError) {
    try recordBlocking { session in
      var doubt = PostgresDoubt<Void>()
      try session.write(&doubt) { connection in
        for change in changes where try Self.set(change, connection) {
          try Self.keepNotice(change, connection)
        }
      }
    }
  }

  /// Compares and sets; whether it is this change's doing.
  private static func set(_ change: HealthChange, _ connection: PostgresConnection) throws -> Bool {
    func update(_ assignment: String, where condition: String) throws -> Bool {
      let mine = "key = $1 AND deleted_at IS NULL AND \(condition)"
      // The version row is taken first, as all writers do, and only where there is something to change.
      guard
        try !connection.query("SELECT 1 FROM webhooks WHERE \(mine)", [change.webhookKey]).isEmpty
      else { return false }
      let revision = try nextRevision(connection)
      return try connection.query(
        "UPDATE webhooks SET \(assignment), revision = $3 WHERE \(mine)",
        [change.webhookKey, Timestamp.now().nanoseconds, revision]
      ).affected == 1
    }
    switch change.kind {
    case .unhealthy:
      return try update("health = 'unhealthy', health_since = $2", where: "health = 'healthy'")
    case .suspended:
      return try update("health = 'suspended', health_since = $2", where: "health <> 'suspended'")
    case .recovered:
      return try update("health = 'healthy', health_since = $2", where: "health <> 'healthy'")
    case .gone: return try update("active = FALSE, updated_at = $2", where: "active")
    case .exhausted: return true
    }
  }

  private static func keepNotice(_ change: HealthChange, _ connection: PostgresConnection) throws {
    let now = Timestamp.now()
    let isQuiet: Bool = try connection.query(
      """
      SELECT EXISTS (SELECT 1 FROM notices WHERE webhook = $1 AND kind = $2 AND created_at > $3)
      """,
      [
        change.webhookKey, change.kind.rawValue, now.nanoseconds - quietTime.nanoseconds,
      ])[0][0]
    guard !isQuiet,
      let row = try connection.query(
        "SELECT id, account, name, url FROM webhooks WHERE key = $1", [change.webhookKey]
      ).first
    else { return }
    let body = NoticeBody(
      change, webhook: row["id"], name: row["name"], url: row["url"], triggeredAt: now)
    try connection.query(
      """
      INSERT INTO notices (account, webhook, kind, body, created_at, traceparent)
      VALUES ($1, $2, $3, $4, $5, $6)
      """,
      [
        row["account"] as String, change.webhookKey, change.kind.rawValue,
        Array(try body.json()), now.nanoseconds, change.traceparent,
      ])
  }

  /// As `HealthStore` says.
  public func unpublishedNotices(limit: Int) throws(StoreError) -> [Notice] {
    try readBlocking { connection in
      try connection.query(
        """
        SELECT n.*, w.id AS webhook_id FROM notices n JOIN webhooks w ON w.key = n.webhook
        WHERE n.published_at IS NULL ORDER BY n.id LIMIT $1
        """, [limit]
      ).compactMap { row in
        NoticeKind(rawValue: row["kind"]).map {
          Notice(
            id: row["id"], account: row["account"], webhookID: row["webhook_id"], kind: $0,
            body: row["body"], traceparent: row["traceparent"])
        }
      }
    }
  }

  /// As `HealthStore` says.
  public func notePublished(_ notices: [Int64]) throws(StoreError) {
    try readBlocking { connection in
      _ = try connection.query(
        "UPDATE notices SET published_at = $1 WHERE id = ANY ($2)",
        [Timestamp.now().nanoseconds, PostgresArray(notices)])
    }
  }
}
