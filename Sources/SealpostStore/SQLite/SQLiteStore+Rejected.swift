import Foundation
import GRDB
import SealpostCore

extension SQLiteStore: RejectedMessages {
  /// As `RejectedMessages` says.
  public func rejected(account: String?, before: Int64?, limit: Int) async throws(StoreError)
    -> [RejectedEntry]
  {
    try await read { database in
      try database.limited(to: .people) {
        try Row.fetchAll(
          database,
          sql: """
            SELECT * FROM rejected WHERE id < ?1 AND (?2 IS NULL OR account = ?2)
            ORDER BY id DESC LIMIT ?3
            """, arguments: [before ?? .max, account, limit]
        ).map(Self.rejectedEntry)
      }
    }
  }

  /// As `RejectedMessages` says.
  public func rejected(_ id: Int64) async throws(StoreError) -> RejectedEntry {
    try await read { database in
      guard
        let row = try Row.fetchOne(
          database, sql: "SELECT * FROM rejected WHERE id = ?", arguments: [id])
      else { throw StoreError.notFound("rejected message \(id)") }
      return Self.rejectedEntry(row)
    }
  }

  /// As `RejectedMessages` says.
  public func removeRejected(_ id: Int64) async throws(StoreError) {
    try await write { database in
      try database.execute(sql: "DELETE FROM rejected WHERE id = ?", arguments: [id])
      guard database.changesCount == 1 else { throw StoreError.notFound("rejected message \(id)") }
    }
  }

  private static func rejectedEntry(_ row: Row) -> RejectedEntry {
    RejectedEntry(
      id: row["id"], account: row["account"], reason: row["reason"], detail: row["detail"],
      messageID: row["message_id"],
      body: Array(row["body"] as Data), receivedAt: Timestamp(nanoseconds: row["received_at"]))
  }
}
