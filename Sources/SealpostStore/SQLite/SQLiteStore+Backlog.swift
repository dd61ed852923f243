import Foundation
import GRDB
import SealpostCore

extension SQLiteStore: Backlog {
  /// As `Backlog` says.
  public func backlog(states: [BacklogState], limit: Int) async throws(StoreError)
    -> [BacklogEntry]
  {
    try await read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT b.*, e.account, e.id AS event_id, e.name AS event_name, w.id AS webhook_id,
            w.name AS webhook_name
          FROM backlog b JOIN events e ON e.key = b.event JOIN webhooks w ON w.key = b.webhook
          WHERE b.state IN (SELECT value FROM json_each(?)) ORDER BY b.id LIMIT ?
          """,
        arguments: ["[\(states.map { "\"\($0.rawValue)\"" }.joined(separator: ","))]", limit]
      ).map { row in
        BacklogEntry(
          id: row["id"], account: row["account"], eventID: row["event_id"],
          eventName: row["event_name"], webhookID: row["webhook_id"],
          webhookName: row["webhook_name"], run: row["run"], attempt: row["attempt"],
          state: BacklogState(rawValue: row["state"]) ?? .parked, reason: row["reason"],
          createdAt: Timestamp(nanoseconds: row["created_at"]))
      }
    }
  }

  /// As `Backlog` says.
  public func newRun(ofBacklog id: Int64) async throws(StoreError) -> Resend {
    try await newRun("backlog", id, "dead delivery")
  }

  /// As `Backlog` says.
  public func removeBacklog(_ id: Int64) async throws(StoreError) {
    try await write { database in
      try database.execute(sql: "DELETE FROM backlog WHERE id = ?", arguments: [id])
      guard database.changesCount == 1 else { throw StoreError.notFound("dead delivery \(id)") }
    }
  }
}

extension SQLiteStore: RejectedMessages {
  /// As `RejectedMessages` says.
  public func rejected(limit: Int) async throws(StoreError) -> [RejectedEntry] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM rejected ORDER BY id DESC LIMIT ?", arguments: [limit]
      ).map(Self.rejectedEntry)
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
      id: row["id"], reason: row["reason"], detail: row["detail"], messageID: row["message_id"],
      body: Array(row["body"] as Data), receivedAt: Timestamp(nanoseconds: row["received_at"]))
  }
}
