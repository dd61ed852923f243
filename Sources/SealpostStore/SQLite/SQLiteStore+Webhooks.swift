import Foundation
import GRDB
public import SealpostCore
import SealpostSigning

extension SQLiteStore: WebhookStore {
  /// As `WebhookStore` says.
  public func create(_ draft: WebhookDraft) async throws(StoreError) -> Webhook {
    try await write { [self] database in
      let revision = try nextRevision(database)
      let id = UUID().uuidString.lowercased()
      let now = Timestamp.now().nanoseconds
      try database.execute(
        sql: """
          INSERT INTO webhooks (id, account, name, url, scheme, token, token_key, events, headers,
            active, revision, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          id, draft.account, draft.name, draft.url.text, draft.scheme.rawValue,
          try seal(draft.token, webhook: id), box.keyID, Self.text(draft.events),
          try Self.text(draft.headers), draft.isActive, revision, now, now,
        ])
      return try find(id, database)
    }
  }

  /// As `WebhookStore` says.
  public func update(_ id: String, _ change: WebhookChange) async throws(StoreError) -> Webhook {
    try await write { [self] database in
      let revision = try nextRevision(database)
      var webhook = try find(id, database)
      webhook.name = change.name ?? webhook.name
      webhook.url = change.url ?? webhook.url
      webhook.scheme = change.scheme ?? webhook.scheme
      webhook.events = change.events ?? webhook.events
      webhook.headers = change.headers ?? webhook.headers
      webhook.isActive = change.isActive ?? webhook.isActive
      webhook.isPaused = change.isPaused ?? webhook.isPaused
      if let health = change.health, health != webhook.health {
        webhook.health = health
        webhook.healthSince = .now()
      }
      try database.execute(
        sql: """
          UPDATE webhooks SET name = ?, url = ?, scheme = ?, events = ?, headers = ?, active = ?,
            paused = ?, health = ?, health_since = ?, revision = ?, updated_at = ? WHERE key = ?
          """,
        arguments: [
          webhook.name, webhook.url.text, webhook.scheme.rawValue, Self.text(webhook.events),
          try Self.text(webhook.headers), webhook.isActive, webhook.isPaused,
          webhook.health.rawValue,
          webhook.healthSince?.nanoseconds, revision, Timestamp.now().nanoseconds, webhook.key,
        ])
      if let token = change.token {
        try database.execute(
          sql: "UPDATE webhooks SET token = ?, token_key = ? WHERE key = ?",
          arguments: [try seal(token, webhook: id), box.keyID, webhook.key])
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
        sql: "UPDATE webhooks SET deleted_at = ?, revision = ?, token = x'' WHERE key = ?",
        arguments: [Timestamp.now().nanoseconds, revision, webhook.key])
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
          change.webhooks.append(try webhook(row))
        } else {
          change.deleted.append(
            DirectoryChange.Deletion(id: row["id"], account: row["account"], key: row["key"]))
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
    return try webhook(row)
  }

  /// A webhook of a row. A token that the key does not open leaves it without: its deliveries are parked.
  private func webhook(_ row: Row) throws -> Webhook {
    let id: String = row["id"]
    let headers = try JSONDecoder().decode(
      [[String]].self, from: Data((row["headers"] as String).utf8))
    let sealed: Data = row["token"]
    let token = (try? box.open(Array(sealed), context: Array(id.utf8)))
      .flatMap { String(validating: $0, as: UTF8.self) }
    return Webhook(
      key: row["key"], id: id, account: row["account"], name: row["name"],
      url: try WebhookURL(parsing: row["url"]),
      scheme: SignatureScheme(rawValue: row["scheme"]) ?? .hmacSHA256,
      tokens: token.map { [WebhookToken($0)] } ?? [],
      events: try (row["events"] as String).split(separator: ",").map {
        try EventPattern(parsing: String($0))
      },
      headers: try headers.map { try WebhookHeader(name: $0[0], value: $0[1]) },
      isActive: row["active"], isPaused: row["paused"],
      health: WebhookHealth(rawValue: row["health"]) ?? .healthy,
      healthSince: (row["health_since"] as Int64?).map { Timestamp(nanoseconds: $0) },
      revision: row["revision"],
      createdAt: Timestamp(nanoseconds: row["created_at"]),
      updatedAt: Timestamp(nanoseconds: row["updated_at"]))
  }

  private func seal(_ token: WebhookToken, webhook id: String) throws -> Data {
    Data(try box.seal(Array(token.clearText.utf8), context: Array(id.utf8)))
  }

  private static func text(_ events: [EventPattern]) -> String {
    events.map(\.text).joined(separator: ",")
  }

  private static func text(_ headers: [WebhookHeader]) throws -> String {
    String(decoding: try JSONEncoder().encode(headers.map { [$0.name, $0.value] }), as: UTF8.self)
  }
}
