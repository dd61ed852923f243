public import SealpostCore
import SealpostSigning

extension PostgresStore: WebhookStore {
  /// As `WebhookStore` says.
  public func create(_ draft: WebhookDraft, most: Int?) async throws(StoreError) -> Webhook {
    let id = draft.id
    return try await write { [self] connection in
      let revision = try Self.nextRevision(connection)
      if let most {
        let count: Int = try connection.query(
          "SELECT count(*) FROM webhooks WHERE account = $1 AND deleted_at IS NULL",
          [draft.account])[0][0]
        guard count < most else { throw StoreError.quotaReached(most) }
      }
      try connection.query(
        """
        INSERT INTO webhooks (id, account, name, url, scheme, token, token_key, events, sealed_headers,
          retry, timeout, active, revision, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
        """,
        [
          id, draft.account, draft.name, draft.url.text, draft.scheme.rawValue,
          try seal(draft.token, webhook: id), box.keyID, StoredWebhook.text(draft.events),
          try seal(draft.headers, webhook: id), try draft.retry.map(StoredWebhook.text),
          draft.timeout?.nanoseconds, draft.isActive, revision, Timestamp.now().nanoseconds,
        ])
      if let certificate = draft.clientCertificate {
        try setClientCertificate(certificate, webhook: id, connection)
      }
      return try find(id, connection)
    }
  }

  /// As `WebhookStore` says.
  public func update(_ id: String, _ change: WebhookChange) async throws(StoreError) -> Webhook {
    try await write { [self] connection in
      let revision = try Self.nextRevision(connection)
      let known = try find(id, connection)
      let webhook = known.applying(change)
      try connection.query(
        """
        UPDATE webhooks SET name = $1, url = $2, scheme = $3, events = $4, sealed_headers = $5, retry = $6,
          timeout = $7, active = $8, paused = $9, health = $10, health_since = $11, revision = $12,
          updated_at = $13 WHERE key = $14
        """,
        [
          webhook.name, webhook.url.text, webhook.scheme.rawValue,
          StoredWebhook.text(webhook.events), try seal(webhook.headers, webhook: id),
          try webhook.retry.map(StoredWebhook.text), webhook.timeout?.nanoseconds,
          webhook.isActive, webhook.isPaused, webhook.health.rawValue,
          webhook.healthSince?.nanoseconds, revision, Timestamp.now().nanoseconds, webhook.key,
        ])
      // A token of another scheme may be none of this one's, so the overlap ends.
      if webhook.scheme != known.scheme {
        try connection.query(
          "UPDATE webhooks SET previous_token = NULL, overlap_until = NULL WHERE key = $1",
          [webhook.key])
      }
      if let token = change.token {
        try connection.query(
          """
          UPDATE webhooks SET previous_token = CASE WHEN $1::bigint IS NULL THEN NULL ELSE token END,
            overlap_until = $1, token = $2, token_key = $3 WHERE key = $4
          """,
          [
            change.overlapUntil?.nanoseconds, try seal(token, webhook: id), box.keyID, webhook.key,
          ])
      }
      if let certificate = change.clientCertificate {
        try setClientCertificate(certificate, webhook: id, connection)
      }
      return try find(id, connection)
    }
  }

  /// As `WebhookStore` says.
  public func delete(_ id: String) async throws(StoreError) {
    try await write { [self] connection in
      let revision = try Self.nextRevision(connection)
      let webhook = try find(id, connection)
      let now = Timestamp.now().nanoseconds
      try connection.query(
        """
        UPDATE webhooks SET deleted_at = $1, revision = $2, token = '', previous_token = NULL,
          sealed_headers = NULL, client_chain = NULL, client_key = NULL
        WHERE key = $3
        """, [now, revision, webhook.key])
      try connection.query(
        """
        UPDATE replays SET state = 'cancelled', ended_at = $1 WHERE webhook = $2 AND state = 'running'
        """, [now, webhook.key])
    }
  }

  /// As `WebhookStore` says.
  public func webhook(_ id: String) async throws(StoreError) -> Webhook {
    try await read { [self] in try find(id, $0) }
  }

  /// As `WebhookStore` says.
  public func endOverlaps(now: Timestamp) async throws(StoreError) -> Int {
    let over = try await read { connection in
      try connection.query(
        "SELECT key FROM webhooks WHERE overlap_until <= $1", [now.nanoseconds]
      ).map { $0[0] as Int64 }
    }
    guard !over.isEmpty else { return 0 }
    return try await write { connection in
      for key in over {
        try connection.query(
          """
          UPDATE webhooks SET previous_token = NULL, overlap_until = NULL, revision = $1
          WHERE key = $2 AND overlap_until <= $3
          """, [try Self.nextRevision(connection), key, now.nanoseconds])
      }
      return over.count
    }
  }

  /// As `WebhookStore` says.
  public func setPaused(_ isPaused: Bool) async throws(StoreError) {
    try await write { connection in
      _ = try connection.query(
        "UPDATE store_version SET revision = revision + 1, paused = $1", [isPaused])
    }
  }

  /// Takes the version row first, so that revisions commit in the order of their numbers.
  static func nextRevision(_ connection: PostgresConnection) throws -> Int64 {
    try connection.query(
      "UPDATE store_version SET revision = revision + 1 RETURNING revision")[0][0]
  }

  private func find(_ id: String, _ connection: PostgresConnection) throws -> Webhook {
    guard
      let row = try connection.query(
        "SELECT * FROM webhooks WHERE id = $1 AND deleted_at IS NULL", [id]
      ).first
    else { throw StoreError.notFound("webhook \(id)") }
    return try webhook(row)
  }

  /// A webhook of a row.
  func webhook(_ row: PostgresRow) throws -> Webhook {
    try StoredWebhook(
      key: row["key"], id: row["id"], account: row["account"], name: row["name"], url: row["url"],
      scheme: row["scheme"], token: row["token"], previousToken: row["previous_token"],
      events: row["events"], sealedHeaders: row["sealed_headers"], retry: row["retry"],
      timeout: row["timeout"], clientChain: row["client_chain"], clientKey: row["client_key"],
      clientSubject: row["client_subject"], clientExpiresAt: row["client_expires_at"],
      isActive: row["active"], isPaused: row["paused"],
      health: row["health"], healthSince: row["health_since"], revision: row["revision"],
      createdAt: row["created_at"], updatedAt: row["updated_at"]
    ).webhook(box)
  }
}
