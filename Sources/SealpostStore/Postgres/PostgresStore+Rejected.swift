import SealpostCore

extension PostgresStore: RejectedMessages {
  /// As `RejectedMessages` says.
  public func rejected(account: String?, before: Int64?, limit: Int) async throws(StoreError)
    -> [RejectedEntry]
  {
    try await read { connection in
      try connection.limited(to: QueryEffort.people.time) { _ in
        try connection.query(
          """
          SELECT * FROM rejected WHERE id < $1 AND ($2::text IS NULL OR account = $2)
          ORDER BY id DESC LIMIT $3
          """, [before ?? .max, account, limit]
        ).map(Self.rejectedEntry)
      }
    }
  }

  /// As `RejectedMessages` says.
  public func rejected(_ id: Int64) async throws(StoreError) -> RejectedEntry {
    try await read { connection in
      guard let row = try connection.query("SELECT * FROM rejected WHERE id = $1", [id]).first
      else { throw StoreError.notFound("rejected message \(id)") }
      return Self.rejectedEntry(row)
    }
  }

  /// As `RejectedMessages` says.
  public func removeRejected(_ id: Int64) async throws(StoreError) {
    try await write { connection in
      guard try connection.query("DELETE FROM rejected WHERE id = $1", [id]).affected == 1 else {
        throw StoreError.notFound("rejected message \(id)")
      }
    }
  }

  private static func rejectedEntry(_ row: PostgresRow) -> RejectedEntry {
    RejectedEntry(
      id: row["id"], account: row["account"], reason: row["reason"], detail: row["detail"],
      messageID: row["message_id"], body: row["body"],
      receivedAt: Timestamp(nanoseconds: row["received_at"]))
  }
}
