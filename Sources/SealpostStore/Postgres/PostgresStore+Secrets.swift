import SealpostCore
import SealpostSigning

extension PostgresStore: SecretStore {
  /// A column of a row that holds something sealed.
  private struct Sealed {
    let column: String
    let context: [UInt8]
  }

  /// As `SecretStore` says.
  public var sealingKey: String { box.keyID }

  /// As `SecretStore` says.
  public func secretCount() async throws(StoreError) -> Int {
    try await read { connection in
      try connection.query(
        """
        SELECT (SELECT coalesce(sum(1 + (previous_token IS NOT NULL)::int
            + (sealed_headers IS NOT NULL)::int + (client_key IS NOT NULL)::int), 0)
          FROM webhooks WHERE deleted_at IS NULL)
          + (SELECT count(*) FROM idempotency WHERE body IS NOT NULL)
        """)[0][0]
    }
  }

  /// As `SecretStore` says. Webhooks come first, by their keys; then kept answers, by their rows' keys.
  public func walkSecrets(after position: String?, slice: Int, seals: Bool)
    async throws(StoreError) -> SecretProgress
  {
    let work: @Sendable (PostgresConnection) throws -> SecretProgress = { [self] connection in
      if let position, position.hasPrefix("answer ") {
        return try answers(after: String(position.dropFirst(7)), slice, seals: seals, connection)
      }
      let key = position.flatMap { Int64($0) } ?? 0
      return try webhooks(after: key, slice, seals: seals, connection)
    }
    return seals ? try await write(work) : try await read(work)
  }

  private func webhooks(
    after key: Int64, _ slice: Int, seals: Bool, _ connection: PostgresConnection
  ) throws -> SecretProgress {
    var progress = SecretProgress()
    // Held until the end, since the owner of one may change it meanwhile.
    let rows = try connection.query(
      """
      SELECT key, id, token, previous_token, sealed_headers, client_key FROM webhooks
      WHERE key > $1 AND deleted_at IS NULL ORDER BY key LIMIT $2 \(seals ? "FOR UPDATE" : "")
      """, [key, slice])
    for row in rows {
      let id: String = row["id"]
      let sealed = [
        Sealed(column: "token", context: SQLiteStore.context(ofToken: id)),
        Sealed(column: "previous_token", context: SQLiteStore.context(ofToken: id)),
        Sealed(column: "sealed_headers", context: SQLiteStore.context(ofHeaders: id)),
        Sealed(column: "client_key", context: SQLiteStore.context(ofClientKey: id)),
      ]
      let changed = look(at: sealed, row, owner: "webhook \(id)", seals: seals, &progress)
      for (column, data) in changed {
        try connection.query(
          "UPDATE webhooks SET \(column) = $1, token_key = $2 WHERE key = $3",
          [data, box.keyID, row["key"] as Int64])
      }
    }
    progress.position = rows.last.map { "\($0["key"] as Int64)" } ?? "answer "
    return progress
  }

  private func answers(
    after position: String, _ slice: Int, seals: Bool, _ connection: PostgresConnection
  ) throws -> SecretProgress {
    var progress = SecretProgress()
    let last = position.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    let rows = try connection.query(
      """
      SELECT owner, key, body FROM idempotency WHERE (owner, key) > ($1, $2) AND body IS NOT NULL
      ORDER BY owner, key LIMIT $3 \(seals ? "FOR UPDATE" : "")
      """, [String(last.first ?? ""), last.count > 1 ? String(last[1]) : "", slice])
    for row in rows {
      let (owner, key): (String, String) = (row["owner"], row["key"])
      let sealed = [Sealed(column: "body", context: SQLiteStore.context(owner, key))]
      let changed = look(
        at: sealed, row, owner: "kept answer \(key) of token \(owner)", seals: seals, &progress)
      for (_, data) in changed {
        try connection.query(
          "UPDATE idempotency SET body = $1 WHERE owner = $2 AND key = $3", [data, owner, key])
      }
    }
    progress.position = rows.last.map { "answer \($0["owner"] as String) \($0["key"] as String)" }
    return progress
  }

  /// Opens what columns of a row hold; what of it is to be written anew.
  private func look(
    at columns: [Sealed], _ row: PostgresRow, owner: String, seals: Bool,
    _ progress: inout SecretProgress
  ) -> [(column: String, data: [UInt8])] {
    var changed: [(column: String, data: [UInt8])] = []
    var why: String?
    for column in columns {
      guard let sealed: [UInt8] = row[column.column] else { continue }
      progress.looked += 1
      do throws(SigningError) {
        let clear = try box.open(sealed, context: column.context)
        guard seals, !box.isCurrent(sealed) else { continue }
        changed.append((column.column, try box.seal(clear, context: column.context)))
        progress.sealed += 1
      } catch {
        why = error.sentence
      }
    }
    if let why { progress.unreadable.append(UnreadableSecret(owner: owner, why: why)) }
    return changed
  }
}
