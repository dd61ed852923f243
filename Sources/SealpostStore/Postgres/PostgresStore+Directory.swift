public import SealpostCore

extension PostgresStore {
  /// As `WebhookStore` says.
  public func webhooks(account: String?) async throws(StoreError) -> [Webhook] {
    try await read { [self] connection in
      try connection.query(
        """
        SELECT * FROM webhooks WHERE deleted_at IS NULL AND ($1::text IS NULL OR account = $1)
        ORDER BY account, name, key
        """, [account]
      ).map(webhook)
    }
  }

  /// As `WebhookStore` says.
  public func webhooks(_ filter: WebhookFilter) async throws(StoreError) -> [Webhook] {
    let column =
      switch filter.order {
      case .name: "name"
      case .url: "url"
      case .createdAt: "created_at"
      case .updatedAt: "updated_at"
      }
    let direction = filter.isDescending ? "DESC" : "ASC"
    let text = filter.text.map { text in
      "%" + text.replacing(/[%_!]/) { "!\($0.output)" } + "%"
    }
    return try await read { [self] connection in
      try connection.query(
        """
        SELECT * FROM webhooks WHERE deleted_at IS NULL AND ($1::text IS NULL OR account = $1)
          AND ($2::text IS NULL OR name ILIKE $2 ESCAPE '!' OR url ILIKE $2 ESCAPE '!')
          AND ($5::text IS NULL OR scheme = $5)
          \(filter.isUnwell ? "AND active AND health <> 'healthy'" : "")
        ORDER BY \(column) \(direction), key \(direction) LIMIT $3 OFFSET $4
        """, [filter.account, text, filter.limit, filter.offset, filter.scheme?.rawValue]
      ).map(webhook)
    }
  }

  /// As `WebhookStore` says.
  public func accounts(limit: Int) async throws(StoreError) -> [String] {
    try await read { connection in
      try connection.query(
        "SELECT DISTINCT account FROM webhooks WHERE deleted_at IS NULL ORDER BY account LIMIT $1",
        [limit]
      ).map { $0[0] }
    }
  }

  /// As `WebhookStore` says.
  public func directoryChange(since revision: Int64) async throws(StoreError) -> DirectoryChange? {
    try await readFirst { [self] connection in
      let version = "SELECT revision, paused FROM store_version"
      // Once a second, and nearly always the same.
      let current: Int64 = try connection.query(version)[0][0]
      guard current > revision || revision == 0 else { return nil }
      // What is committed meanwhile is left for the next time, as a whole.
      try connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
      let row = try connection.query(version)[0]
      var change = DirectoryChange(
        revision: row[0], webhooks: [], deleted: [], isPaused: row[1])
      for row in try connection.query("SELECT * FROM webhooks WHERE revision > $1", [revision]) {
        if row["deleted_at"] as Int64? == nil {
          change.webhooks.append(webhook(row))
        } else {
          change.deleted.append(
            DirectoryChange.Deletion(
              id: row["id"], account: row["account"], key: row["key"],
              isPurged: row["purged_at"] as Int64? != nil))
        }
      }
      try connection.query("COMMIT")
      return change
    }
  }
}
