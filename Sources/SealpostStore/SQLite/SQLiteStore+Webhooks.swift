import Foundation
import GRDB
public import SealpostCore
import SealpostSigning

extension SQLiteStore: WebhookStore {
  /// As `WebhookStore` says.
  public func create(_ draft: WebhookDraft, most: Int?) async throws(StoreError) -> Webhook {
    try await write { [self] database in
      if let most {
        let count = try Int.fetchOne(
          database,
          sql: "SELECT count(*) FROM webhooks WHERE account = ? AND deleted_at IS NULL",
          arguments: [draft.account])
        guard (count ?? 0) < most else { throw StoreError.quotaReached(most) }
      }
      let revision = try nextRevision(database)
      let id = draft.id
      let now = Timestamp.now().nanoseconds
      try database.execute(
        sql: """
          INSERT INTO webhooks (id, account, name, url, scheme, token, token_key, events, headers,
            sealed_headers, retry, timeout, active, revision, created_at, updated_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, '[]', ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          id, draft.account, draft.name, draft.url.text, draft.scheme.rawValue,
          try seal(draft.token, webhook: id), box.keyID, Self.text(draft.events),
          try seal(draft.headers, webhook: id), try draft.retry.map(Self.text),
          draft.timeout?.nanoseconds, draft.isActive, revision, now, now,
        ])
      if let certificate = draft.clientCertificate {
        try setClientCertificate(certificate, webhook: id, database)
      }
      return try find(id, database)
    }
  }

  /// As `WebhookStore` says.
  public func update(_ id: String, _ change: WebhookChange) async throws(StoreError) -> Webhook {
    try await write { [self] database in
      let revision = try nextRevision(database)
      let webhook = try find(id, database)
      // A token of another scheme may be none of this one's, so the overlap ends.
      let isSchemeChanged = change.scheme.map { $0 != webhook.scheme } ?? false
      let health = change.health.flatMap { $0 == webhook.health ? nil : $0 }
      let now = Timestamp.now().nanoseconds
      // What the change does not name stays as it is stored, also where it could not be read.
      try database.execute(
        sql: """
          UPDATE webhooks SET name = coalesce(?, name), url = coalesce(?, url),
            scheme = coalesce(?, scheme), events = coalesce(?, events),
            sealed_headers = iif(?, ?, sealed_headers), retry = iif(?, ?, retry),
            timeout = iif(?, ?, timeout), active = coalesce(?, active), paused = coalesce(?, paused),
            health = coalesce(?, health), health_since = coalesce(?, health_since), revision = ?,
            updated_at = ?
          WHERE key = ?
          """,
        arguments: [
          change.name, change.url?.text, change.scheme?.rawValue, change.events.map(Self.text),
          change.headers != nil, try change.headers.flatMap { try seal($0, webhook: id) },
          change.retry != nil, try change.retry.flatMap { try $0.map(Self.text) },
          change.timeout != nil, change.timeout.flatMap { $0?.nanoseconds },
          change.isActive, change.isPaused, health?.rawValue, health.map { _ in now }, revision,
          now, webhook.key,
        ])
      if isSchemeChanged {
        try database.execute(
          sql: "UPDATE webhooks SET previous_token = NULL, overlap_until = NULL WHERE key = ?",
          arguments: [webhook.key])
      }
      if let token = change.token {
        try database.execute(
          sql: """
            UPDATE webhooks SET previous_token = CASE WHEN ?1 IS NULL THEN NULL ELSE token END,
              overlap_until = ?1, token = ?2, token_key = ?3 WHERE key = ?4
            """,
          arguments: [
            change.overlapUntil?.nanoseconds, try seal(token, webhook: id), box.keyID, webhook.key,
          ])
      }
      if let certificate = change.clientCertificate {
        try setClientCertificate(certificate, webhook: id, database)
      }
      return try find(id, database)
    }
  }

  /// As `WebhookStore` says.
  public func delete(_ id: String) async throws(StoreError) {
    try await write { [self] database in
      let revision = try nextRevision(database)
      let webhook = try find(id, database)
      try database.execute(
        sql: """
          UPDATE webhooks SET deleted_at = ?, revision = ?, token = x'', previous_token = NULL,
            sealed_headers = NULL, client_chain = NULL, client_key = NULL
          WHERE key = ?
          """,
        arguments: [Timestamp.now().nanoseconds, revision, webhook.key])
      try database.execute(
        sql: """
          UPDATE replays SET state = 'cancelled', ended_at = ? WHERE webhook = ? AND state = 'running'
          """, arguments: [Timestamp.now().nanoseconds, webhook.key])
    }
  }

  /// As `WebhookStore` says.
  public func webhook(_ id: String) async throws(StoreError) -> Webhook {
    try await read { [self] in try find(id, $0) }
  }

  /// As `WebhookStore` says.
  public func webhooks(account: String?) async throws(StoreError) -> [Webhook] {
    try await read { [self] database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT * FROM webhooks WHERE deleted_at IS NULL AND account = coalesce(?, account)
          ORDER BY account, name, key
          """, arguments: [account]
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
    return try await read { [self] database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT * FROM webhooks WHERE deleted_at IS NULL AND account = coalesce(?1, account)
            AND (?2 IS NULL OR name LIKE ?2 ESCAPE '!' OR url LIKE ?2 ESCAPE '!')
            \(filter.scheme.map { "AND scheme = '\($0.rawValue)'" } ?? "")
            \(filter.isUnwell ? "AND active AND health <> 'healthy'" : "")
          ORDER BY \(column) \(direction), key \(direction) LIMIT ?3 OFFSET ?4
          """, arguments: [filter.account, text, filter.limit, filter.offset]
      ).map(webhook)
    }
  }

  /// As `WebhookStore` says.
  public func accounts(limit: Int) async throws(StoreError) -> [String] {
    try await read { database in
      try String.fetchAll(
        database,
        sql: """
          SELECT DISTINCT account FROM webhooks WHERE deleted_at IS NULL ORDER BY account LIMIT ?
          """, arguments: [limit])
    }
  }

  /// As `WebhookStore` says.
  public func endOverlaps(now: Timestamp) async throws(StoreError) -> Int {
    let over = try await read { database in
      try Int64.fetchAll(
        database, sql: "SELECT key FROM webhooks WHERE overlap_until <= ?",
        arguments: [now.nanoseconds])
    }
    guard !over.isEmpty else { return 0 }
    return try await write { [self] database in
      for key in over {
        let revision = try nextRevision(database)
        try database.execute(
          sql: """
            UPDATE webhooks SET previous_token = NULL, overlap_until = NULL, revision = ?
            WHERE key = ? AND overlap_until <= ?
            """, arguments: [revision, key, now.nanoseconds])
      }
      return over.count
    }
  }

  /// As `WebhookStore` says.
  public func directoryChange(since revision: Int64) async throws(StoreError) -> DirectoryChange? {
    try await read { [self] database in
      let version = try Row.fetchOne(database, sql: "SELECT revision, paused FROM store_version")
      guard let version, let current = version[0] as Int64?, current > revision || revision == 0
      else { return nil }
      var change = DirectoryChange(
        revision: current, webhooks: [], deleted: [], isPaused: version[1])
      let rows = try Row.fetchCursor(
        database, sql: "SELECT * FROM webhooks WHERE revision > ?", arguments: [revision])
      while let row = try rows.next() {
        if row["deleted_at"] as Int64? == nil {
          change.webhooks.append(webhook(row))
        } else {
          change.deleted.append(
            DirectoryChange.Deletion(
              id: row["id"], account: row["account"], key: row["key"],
              isPurged: row["purged_at"] as Int64? != nil))
        }
      }
      return change
    }
  }

  /// As `WebhookStore` says.
  public func setPaused(_ isPaused: Bool) async throws(StoreError) {
    try await write { [self] database in
      _ = try nextRevision(database)
      try database.execute(sql: "UPDATE store_version SET paused = ?", arguments: [isPaused])
    }
  }

  /// Takes the version row first, so that revisions commit in the order of their numbers.
  func nextRevision(_ database: Database) throws -> Int64 {
    try Int64.fetchOne(
      database, sql: "UPDATE store_version SET revision = revision + 1 RETURNING revision") ?? 0
  }

  private func find(_ id: String, _ database: Database) throws -> Webhook {
    guard
      let row = try Row.fetchOne(
        database, sql: "SELECT * FROM webhooks WHERE id = ? AND deleted_at IS NULL",
        arguments: [id])
    else { throw StoreError.notFound("webhook \(id)") }
    return webhook(row)
  }

  /// A webhook of a row. One whose token or headers no key opens is left without tokens, one whose settings
  /// cannot be read has a fault: the deliveries of both are parked.
  private func webhook(_ row: Row) -> Webhook {
    let id: String = row["id"]
    let sealed = [row["token"], row["previous_token"]] as [Data?]
    var tokens = sealed.compactMap { $0 }.map { sealed in
      (try? box.open(Array(sealed), context: Self.context(ofToken: id)))
        .map { WebhookToken(bytes: $0) }
    }
    let sealedHeaders = row["sealed_headers"] as Data?
    let headers = sealedHeaders.flatMap { sealed in
      try? box.open(Array(sealed), context: Self.context(ofHeaders: id))
    }
    if sealedHeaders != nil && headers == nil || tokens.first == .some(nil) { tokens = [] }
    var settings = StoredSettings()
    var webhook = Webhook(
      key: row["key"], id: id, account: row["account"], name: row["name"],
      url: settings.url(row["url"]), scheme: settings.scheme(row["scheme"]),
      tokens: tokens.compactMap { $0 }, events: settings.events(row["events"]),
      headers: settings.headers(headers), isActive: row["active"], isPaused: row["paused"],
      health: WebhookHealth(rawValue: row["health"]) ?? .healthy,
      healthSince: (row["health_since"] as Int64?).map { Timestamp(nanoseconds: $0) },
      retry: settings.retry(row["retry"] as String?),
      timeout: (row["timeout"] as Int64?).map { .nanoseconds($0) },
      clientCertificate: clientCertificate(row), revision: row["revision"],
      createdAt: Timestamp(nanoseconds: row["created_at"]),
      updatedAt: Timestamp(nanoseconds: row["updated_at"]))
    if let fault = settings.fault { webhook.fault = fault }
    return webhook
  }

  private static func text(_ events: [EventPattern]) -> String {
    events.map(\.text).joined(separator: ",")
  }

  private static func text(_ retry: RetryPolicy) throws -> String {
    String(decoding: try JSONEncoder().encode(StoredRetry(retry)), as: UTF8.self)
  }
}

/// A retry policy as the store keeps it.
struct StoredRetry: Codable {
  let initial, maximumDelay: Int64
  let factor, jitter: Double
  let maximumAttempts: Int

  init(_ policy: RetryPolicy) {
    initial = policy.initial.nanoseconds
    maximumDelay = policy.maximumDelay.nanoseconds
    factor = policy.factor
    jitter = policy.jitter
    maximumAttempts = policy.maximumAttempts
  }

  var policy: RetryPolicy {
    RetryPolicy(
      initial: .nanoseconds(initial), factor: factor, maximumDelay: .nanoseconds(maximumDelay),
      maximumAttempts: maximumAttempts, jitter: jitter)
  }
}
