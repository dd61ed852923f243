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
      let webhook = try find(id, connection)
      let health = change.health.flatMap { $0 == webhook.health ? nil : $0 }
      let now = Timestamp.now().nanoseconds
      // What the change does not name stays as it is stored, also where it could not be read.
      try connection.query(
        """
        UPDATE webhooks SET name = coalesce($1, name), url = coalesce($2, url),
          scheme = coalesce($3, scheme), events = coalesce($4, events),
          sealed_headers = CASE WHEN $5 THEN $6 ELSE sealed_headers END,
          retry = CASE WHEN $7 THEN $8 ELSE retry END,
          timeout = CASE WHEN $9 THEN $10 ELSE timeout END, active = coalesce($11, active),
          paused = coalesce($12, paused), health = coalesce($13, health),
          health_since = coalesce($14, health_since), revision = $15, updated_at = $16
        WHERE key = $17
        """,
        [
          change.name, change.url?.text, change.scheme?.rawValue,
          change.events.map(StoredWebhook.text),
          change.headers != nil, try change.headers.flatMap { try seal($0, webhook: id) },
          change.retry != nil, try change.retry.flatMap { try $0.map(StoredWebhook.text) },
          change.timeout != nil, change.timeout.flatMap { $0?.nanoseconds },
          change.isActive, change.isPaused, health?.rawValue, health.map { _ in now }, revision,
          now, webhook.key,
        ])
      // A token of another scheme may be none of this one's, so the overlap ends.
      if let scheme = change.scheme, scheme != webhook.scheme {
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
    return webhook(row)
  }

  /// A webhook of a row.
  func webhook(_ row: PostgresRow) -> Webhook {
    StoredWebhook(
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
