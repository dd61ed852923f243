public import SealpostCore

extension PostgresStore {
  /// How long the mark of a transaction is kept: longer than anybody is in doubt about one.
  private static let markTime = Duration.seconds(3600)

  /// As `EventLog` says. A day whose partitions were dropped counts as a slice.
  public func prune(olderThan limit: Timestamp, slice: Int) async throws(StoreError) -> Int {
    let isDropped = try await read { connection in
      if try PostgresPartitions.dropOldest(before: limit, connection) { return true }
      try PostgresPartitions.make(around: .now(), since: limit, connection)
      return false
    }
    if isDropped { return slice }
    return try await write { connection in
      try connection.query(
        "DELETE FROM commits WHERE at < $1",
        [Timestamp.now().nanoseconds - Self.markTime.nanoseconds])
      // What is in no partition of its day.
      let attempts = try connection.query(
        """
        DELETE FROM attempts_default WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM attempts_default WHERE sent_at < $1 ORDER BY sent_at LIMIT $2))
        """, [limit.nanoseconds, slice]
      ).affected
      let events: Int = try connection.query(
        """
        WITH gone AS (DELETE FROM events_default WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM events_default e WHERE received_at < $1
              AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.day = e.day AND a.event = e.key)
              AND NOT EXISTS (SELECT 1 FROM backlog b WHERE b.day = e.day AND b.event = e.key)
            LIMIT $2)) RETURNING day, key),
        forgotten AS (DELETE FROM runs r USING gone WHERE r.day = gone.day AND r.event = gone.key)
        SELECT count(*) FROM gone
        """, [limit.nanoseconds, slice])[0][0]
      return attempts + events
    }
  }
}
