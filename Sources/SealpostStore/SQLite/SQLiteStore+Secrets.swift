import Foundation
import GRDB
import SealpostCore
import SealpostSigning

extension SQLiteStore: SecretStore {
  /// A column of a row that holds something sealed.
  private struct Sealed {
    let column: String
    let context: [UInt8]
  }

  /// As `SecretStore` says.
  public var sealingKey: String { box.keyID }

  /// As `SecretStore` says.
  public func secretCount() async throws(StoreError) -> Int {
    try await read { database in
      try Int.fetchOne(
        database,
        sql: """
          SELECT (SELECT sum(1 + (previous_token IS NOT NULL) + (sealed_headers IS NOT NULL)
            + (client_key IS NOT NULL)) FROM webhooks WHERE deleted_at IS NULL)
            + (SELECT count(*) FROM idempotency WHERE body IS NOT NULL)
          """) ?? 0
    }
  }

  /// As `SecretStore` says. Webhooks come first, by their keys; then kept answers, by their rows' keys.
  public func walkSecrets(after position: String?, slice: Int, seals: Bool)
    async throws(StoreError) -> SecretProgress
  {
    let work: @Sendable (Database) throws -> SecretProgress = { [self] database in
      guard seals else { return try step(after: position, slice, seals: false, database) }
      return try database.withSecureDeletion {
        try step(after: position, slice, seals: true, database)
      }
    }
    guard seals else { return try await read(work) }
    let progress = try await write(work)
    if progress.position == nil { forgetOverwrittenPages() }
    return progress
  }

  private func step(after position: String?, _ slice: Int, seals: Bool, _ database: Database) throws
    -> SecretProgress
  {
    if let position, position.hasPrefix("answer ") {
      return try answers(after: String(position.dropFirst(7)), slice, seals: seals, database)
    }
    let key = position.flatMap { Int64($0) } ?? 0
    var progress = SecretProgress()
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT key, id, token, previous_token, sealed_headers, client_key FROM webhooks
        WHERE key > ? AND deleted_at IS NULL ORDER BY key LIMIT ?
        """, arguments: [key, slice])
    for row in rows {
      let id: String = row["id"]
      let sealed = [
        Sealed(column: "token", context: Self.context(ofToken: id)),
        Sealed(column: "previous_token", context: Self.context(ofToken: id)),
        Sealed(column: "sealed_headers", context: Self.context(ofHeaders: id)),
        Sealed(column: "client_key", context: Self.context(ofClientKey: id)),
      ]
      let changed = look(at: sealed, row, owner: "webhook \(id)", seals: seals, &progress)
      for (column, data) in changed {
        try database.execute(
          sql: "UPDATE webhooks SET \(column) = ?, token_key = ? WHERE key = ?",
          arguments: [data, box.keyID, row["key"] as Int64])
      }
    }
    progress.position = rows.last.map { "\($0["key"] as Int64)" } ?? "answer "
    return progress
  }

  private func answers(after position: String, _ slice: Int, seals: Bool, _ database: Database)
    throws -> SecretProgress
  {
    var progress = SecretProgress()
    let last = position.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT owner, key, body FROM idempotency WHERE (owner, key) > (?, ?) AND body IS NOT NULL
        ORDER BY owner, key LIMIT ?
        """,
      arguments: [String(last.first ?? ""), last.count > 1 ? String(last[1]) : "", slice])
    for row in rows {
      let (owner, key): (String, String) = (row["owner"], row["key"])
      let sealed = [Sealed(column: "body", context: Self.context(owner, key))]
      let changed = look(
        at: sealed, row, owner: "kept answer \(key) of token \(owner)", seals: seals, &progress)
      for (_, data) in changed {
        try database.execute(
          sql: "UPDATE idempotency SET body = ? WHERE owner = ? AND key = ?",
          arguments: [data, owner, key])
      }
    }
    progress.position = rows.last.map { "answer \($0["owner"] as String) \($0["key"] as String)" }
    return progress
  }

  /// Opens what columns of a row hold; what of it is to be written anew.
  private func look(
    at columns: [Sealed], _ row: Row, owner: String, seals: Bool, _ progress: inout SecretProgress
  ) -> [(column: String, data: Data)] {
    var changed: [(column: String, data: Data)] = []
    var why: String?
    for column in columns {
      guard let data = row[column.column] as Data? else { continue }
      progress.looked += 1
      do throws(SigningError) {
        let sealed = Array(data)
        let clear = try box.open(sealed, context: column.context)
        guard seals, !box.isCurrent(sealed) else { continue }
        changed.append((column.column, Data(try box.seal(clear, context: column.context))))
        progress.sealed += 1
      } catch {
        why = error.sentence
      }
    }
    if let why { progress.unreadable.append(UnreadableSecret(owner: owner, why: why)) }
    return changed
  }
}
