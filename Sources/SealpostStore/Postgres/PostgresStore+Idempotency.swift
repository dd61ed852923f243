public import SealpostCore
import SealpostSigning

extension PostgresStore: IdempotencyStore {
  /// How long an answer is kept.
  private static let keptTime = Duration.seconds(86400)
  /// After that a request whose answer never came died with its process, and may be tried again.
  private static let busyTime = Duration.seconds(60)
  private static let slice = 1000

  /// As `IdempotencyStore` says.
  public func takeKey(_ key: String, owner: String, request: [UInt8], now: Timestamp)
    async throws(StoreError) -> IdempotencyVerdict
  {
    try await write { [self] connection in
      // Others may remove the same ones: each leaves out what another one holds.
      try connection.query(
        """
        DELETE FROM idempotency WHERE (owner, key) IN (SELECT owner, key FROM idempotency
          WHERE created_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
        """, [now.nanoseconds - Self.keptTime.nanoseconds, Self.slice])
      // Waits for whoever takes the same key at this moment.
      let taken = try connection.query(
        """
        INSERT INTO idempotency (owner, key, request, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (owner, key) DO UPDATE SET created_at = excluded.created_at
        WHERE idempotency.request = excluded.request AND idempotency.status IS NULL
          AND idempotency.created_at < $5
        """,
        [
          owner, key, request, now.nanoseconds, now.nanoseconds - Self.busyTime.nanoseconds,
        ])
      if taken.affected == 1 { return .taken }
      guard
        let row = try connection.query(
          "SELECT * FROM idempotency WHERE owner = $1 AND key = $2", [owner, key]
        ).first
      else { return .busy }
      guard row["request"] as [UInt8] == request else { return .mismatch }
      guard let status: Int = row["status"], let sealed: [UInt8] = row["body"] else {
        return .busy
      }
      do throws(SigningError) {
        let body = try box.open(sealed, context: SQLiteStore.context(owner, key)).copy
        return .answered(KeptAnswer(status: status, body: body))
      } catch {
        throw StoreError.badKey(error.sentence)
      }
    }
  }

  /// As `IdempotencyStore` says.
  public func keepAnswer(_ answer: KeptAnswer, key: String, owner: String)
    async throws(StoreError)
  {
    try await write { [self] connection in
      let sealed = try answer.body.withUnsafeBytes {
        try box.seal($0, context: SQLiteStore.context(owner, key))
      }
      _ = try connection.query(
        "UPDATE idempotency SET status = $1, body = $2 WHERE owner = $3 AND key = $4",
        [answer.status, sealed, owner, key])
    }
  }

  /// As `IdempotencyStore` says.
  public func releaseKey(_ key: String, owner: String) async throws(StoreError) {
    try await write { connection in
      _ = try connection.query(
        "DELETE FROM idempotency WHERE owner = $1 AND key = $2 AND status IS NULL", [owner, key])
    }
  }
}
