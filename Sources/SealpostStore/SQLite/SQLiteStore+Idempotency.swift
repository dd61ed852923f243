import Foundation
import GRDB
public import SealpostCore
import SealpostSigning

extension SQLiteStore: IdempotencyStore {
  /// How long an answer is kept.
  private static let keptTime = Duration.seconds(86400)
  /// After that a request whose answer never came died with its process, and may be tried again.
  private static let busyTime = Duration.seconds(60)
  private static let slice = 1000

  /// As `IdempotencyStore` says.
  public func takeKey(_ key: String, owner: String, request: [UInt8], now: Timestamp)
    async throws(StoreError) -> IdempotencyVerdict
  {
    try await write { [self] database in
      try database.execute(
        sql: """
          DELETE FROM idempotency WHERE (owner, key) IN (
            SELECT owner, key FROM idempotency WHERE created_at < ? LIMIT ?)
          """, arguments: [now.nanoseconds - Self.keptTime.nanoseconds, Self.slice])
      if let row = try Row.fetchOne(
        database, sql: "SELECT * FROM idempotency WHERE owner = ? AND key = ?",
        arguments: [owner, key])
      {
        guard Array(row["request"] as Data) == request else { return .mismatch }
        if let status = row["status"] as Int?, let sealed = row["body"] as Data? {
          let body: [UInt8]
          do throws(SigningError) {
            body = try box.open(Array(sealed), context: Self.context(owner, key)).copy
          } catch {
            throw StoreError.badKey(error.sentence)
          }
          return .answered(KeptAnswer(status: status, body: body))
        }
        guard row["created_at"] < now.nanoseconds - Self.busyTime.nanoseconds else { return .busy }
      }
      try database.execute(
        sql: """
          INSERT INTO idempotency (owner, key, request, created_at) VALUES (?, ?, ?, ?)
          ON CONFLICT (owner, key) DO UPDATE SET created_at = excluded.created_at
          """, arguments: [owner, key, Data(request), now.nanoseconds])
      return .taken
    }
  }

  /// As `IdempotencyStore` says.
  public func keepAnswer(_ answer: KeptAnswer, key: String, owner: String)
    async throws(StoreError)
  {
    try await write { [self] database in
      let sealed = try answer.body.withUnsafeBytes {
        try box.seal($0, context: Self.context(owner, key))
      }
      try database.execute(
        sql: "UPDATE idempotency SET status = ?, body = ? WHERE owner = ? AND key = ?",
        arguments: [answer.status, Data(sealed), owner, key])
    }
  }

  /// As `IdempotencyStore` says.
  public func releaseKey(_ key: String, owner: String) async throws(StoreError) {
    try await write { database in
      try database.execute(
        sql: "DELETE FROM idempotency WHERE owner = ? AND key = ? AND status IS NULL",
        arguments: [owner, key])
    }
  }

  static func context(_ owner: String, _ key: String) -> [UInt8] {
    Array("idempotency \(owner) \(key)".utf8)
  }
}
