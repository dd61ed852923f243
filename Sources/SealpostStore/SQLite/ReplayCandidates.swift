import GRDB
import SealpostCore

/// The deliveries that a replay is of, found piece by piece: each by the last row that the log had of it
/// when the replay began, so that none comes twice; or by its row of the backlog where it is parked.
struct ReplayCandidates {
  /// A delivery.
  struct Delivery {
    let event: Int64
    /// Its row of the backlog, where it is parked.
    let backlog: Int64?
  }

  /// What one look found.
  struct Slice {
    var found: [Delivery]
    /// How far it came; nil at the end.
    var position: Int64?
  }

  private static let rowsAtOnce: Int64 = 20_000

  let selection: ReplaySelection
  let webhook: Int64
  /// The newest row of the log, or of the backlog, when the replay began.
  let newest: Int64

  private var isOfParked: Bool { selection.outcome == .parked }

  /// The newest row that a selection of now can hold.
  static func newest(_ selection: ReplaySelection, _ database: Database) throws -> Int64 {
    let table = selection.outcome == .parked ? "backlog" : "attempts"
    return try Int64.fetchOne(database, sql: "SELECT max(id) FROM \(table)") ?? 0
  }

  /// The next deliveries behind a row; at most so many.
  func next(after position: Int64, limit: Int, _ database: Database) throws -> Slice {
    guard !isOfParked else { return try nextParked(after: position, limit, database) }
    var filter = LogFilter()
    filter.sentFrom = selection.since
    filter.sentBefore = selection.until
    filter.isAscending = true
    filter.after = position < 0 ? nil : position
    filter.limit = limit
    if case .attempt(let outcome) = selection.outcome { filter.outcome = outcome }
    filter.eventName = selection.eventName
    guard let bounds = try LogBounds(filter, database), bounds.oldest <= newest else {
      return Slice(found: [], position: nil)
    }
    // Few rows at a time, since others wait while a replay goes on.
    let end = min(newest, bounds.newest, bounds.oldest + Self.rowsAtOnce)
    let query = try LogQuery(filter, webhook: webhook, newest: end, database)
    let ids = try query?.ids(database) ?? []
    let isLast = try database.cachedStatement(
      sql: """
        SELECT event FROM attempts a WHERE id = ?1 AND NOT EXISTS (
          SELECT 1 FROM attempts o WHERE o.event = a.event AND o.webhook = a.webhook
            AND o.id > a.id AND o.id <= ?2)
        """)
    let found = try ids.compactMap { id in
      try Int64.fetchOne(isLast, arguments: [id, newest]).map { Delivery(event: $0, backlog: nil) }
    }
    if ids.count == limit { return Slice(found: found, position: ids.last) }
    return Slice(found: found, position: end < min(newest, bounds.newest) ? end : nil)
  }

  private func nextParked(after position: Int64, _ limit: Int, _ database: Database) throws -> Slice
  {
    let rows = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT b.id, b.event FROM backlog b WHERE b.webhook = ? AND b.state = 'parked'
            AND b.id > ? AND b.id <= ? AND b.created_at >= ? AND b.created_at < ?
            AND coalesce((SELECT name FROM events WHERE key = b.event) = ?, TRUE)
          ORDER BY b.id LIMIT ?
          """),
      arguments: [
        webhook, position, newest, selection.since.nanoseconds, selection.until.nanoseconds,
        selection.eventName, limit,
      ])
    return Slice(
      found: rows.map { Delivery(event: $0["event"], backlog: $0["id"]) },
      position: rows.count < limit ? nil : rows.last?["id"])
  }

  /// Puts a delivery into the backlog as a new run. One that is exhausted or parked there already goes on in
  /// its place.
  func queue(_ delivery: Delivery, dueAt: Timestamp, _ database: Database) throws {
    let run = try SQLiteStore.nextRun(event: delivery.event, webhook: webhook, database)
    let known =
      try delivery.backlog
      ?? Int64.fetchOne(
        database.cachedStatement(
          sql: """
            SELECT id FROM backlog WHERE event = ? AND webhook = ? AND state <> 'waiting'
            ORDER BY run DESC LIMIT 1
            """), arguments: [delivery.event, webhook])
    if let known {
      return try SQLiteStore.revive(
        known, run: run, .replay, reason: "replay", dueAt: dueAt, database)
    }
    let now = Timestamp.now().nanoseconds
    try database.cachedStatement(
      sql: """
        INSERT INTO backlog (event, webhook, run, attempt, first_attempt_at, state, reason,
          trigger, created_at, due_at) VALUES (?, ?, ?, 1, ?, 'waiting', 'replay', ?, ?, ?)
        """
    ).execute(
      arguments: [
        delivery.event, webhook, run, now, AttemptTrigger.replay.rawValue, now, dueAt.nanoseconds,
      ])
  }
}
