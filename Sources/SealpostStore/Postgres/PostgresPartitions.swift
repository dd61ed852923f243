import Foundation
import SealpostCore

/// The partitions of events and attempts: one for each day on which events happen, made ahead, and the
/// default one for all other days. A day whose rows have begun in the default one stays there.
enum PostgresPartitions {
  private static let daysBefore: Int64 = 2
  private static let daysAhead: Int64 = 7
  private static let tables = ["events", "attempts"]
  /// Anything that nobody else is likely to lock.
  private static let lockKey = 0x5EA1_9057

  /// The day of a time, counted from the epoch.
  static func day(of time: Timestamp) -> Int64 {
    let seconds = time.seconds
    return seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400
  }

  /// Waits until nobody else changes the schema; until the transaction ends.
  static func lockSchema(_ connection: PostgresConnection) throws {
    try connection.query(
      "SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), $1))", [lockKey])
  }

  /// The days that have partitions, oldest first.
  static func days(_ connection: PostgresConnection) throws -> [Int64] {
    try connection.query(
      """
      SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'attempts'::regclass
      """
    ).compactMap { row in Int64((row[0] as String).dropFirst("attempts_".count)) }.sorted()
  }

  /// Makes the partitions that are missing of the days around a time, but for those that are over at a limit.
  static func make(
    around time: Timestamp, since limit: Timestamp = Timestamp(nanoseconds: .min),
    _ connection: PostgresConnection
  ) throws {
    let today = day(of: time)
    let known = try days(connection)
    for day in today - daysBefore...today + daysAhead
    where !known.contains(day) && day >= self.day(of: limit) {
      do {
        try transaction(connection) {
          try lockSchema(connection)
          guard try !days(connection).contains(day) else { return }
          for table in tables { try make(table, day, connection) }
        }
      } catch PostgresError.server(let state, _) where ["23514", "55P03"].contains(state) {
        // Check violation: the default one has rows of this day. Lock time-out: others are at work, and
        // the next time is soon enough.
        continue
      }
    }
  }

  /// Attached, since to create it as a partition would hold up everybody.
  private static func make(_ table: String, _ day: Int64, _ connection: PostgresConnection) throws {
    try connection.script(
      """
      CREATE TABLE \(table)_\(day)
        (LIKE \(table) INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES INCLUDING STORAGE);
      ALTER TABLE \(table) ATTACH PARTITION \(table)_\(day) FOR VALUES FROM (\(day)) TO (\(day + 1));
      """)
  }

  /// Removes the partitions of the oldest day, if that is over at a limit. What is still needed of it goes
  /// into the default ones: attempts made since the limit, their events, and those in the backlog.
  ///
  /// - Returns: whether there was such a day.
  static func dropOldest(before limit: Timestamp, _ connection: PostgresConnection) throws -> Bool {
    guard let day = try days(connection).first, day < Self.day(of: limit) else { return false }
    do {
      try transaction(connection) {
        try lockSchema(connection)
        guard try days(connection).contains(day) else { return }
        for table in tables {
          try connection.script("ALTER TABLE \(table) DETACH PARTITION \(table)_\(day)")
        }
        try connection.run(
          PostgresStatement(
            "INSERT INTO attempts SELECT * FROM attempts_\(day) WHERE sent_at >= $1",
            [limit.nanoseconds], isPrepared: false))
        try connection.run(
          PostgresStatement(
            """
            INSERT INTO events SELECT * FROM events_\(day) WHERE key IN (
              SELECT event FROM backlog WHERE day = $1
              UNION SELECT event FROM attempts_default WHERE day = $1)
            """, [day], isPrepared: false))
        try connection.query(
          """
          DELETE FROM runs WHERE day = $1
            AND event NOT IN (SELECT key FROM events_default WHERE day = $1)
          """, [day])
        for table in tables { try connection.script("DROP TABLE \(table)_\(day)") }
      }
    } catch PostgresError.server(let state, _) where state == "55P03" {
      // Others are at work, and the next time is soon enough.
      return false
    }
    return true
  }

  private static func transaction(
    _ connection: PostgresConnection, _ work: () throws -> Void
  ) throws {
    try connection.query("BEGIN")
    do {
      try connection.query("SELECT set_config('lock_timeout', '2000', TRUE)")
      try work()
      try connection.query("COMMIT")
    } catch {
      if case PostgresError.lost = error { throw error }
      try connection.query("ROLLBACK")
      throw error
    }
  }
}
