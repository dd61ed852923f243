import SealpostCore

/// The deliveries that a replay is of, found piece by piece: each by the last row that the log had of it
/// when the replay began, so that none comes twice; or by its row of the backlog where it is parked.
struct PostgresReplayCandidates {
  /// A delivery.
  struct Delivery {
    let day: Int64
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

  /// Rows of the webhook that are looked at in one statement, since others wait while a replay goes on.
  private static let rowsAtOnce = 20_000

  let selection: ReplaySelection
  let webhook: Int64
  /// The newest row of the log, or of the backlog, when the replay began.
  let newest: Int64

  /// The newest row that a selection of now can hold.
  static func newest(_ selection: ReplaySelection, _ connection: PostgresConnection) throws -> Int64
  {
    let table = selection.outcome == .parked ? "backlog" : "attempts"
    return try connection.query("SELECT coalesce(max(id), 0) FROM \(table)")[0][0]
  }

  /// The next deliveries behind a row; at most so many.
  func next(after position: Int64, limit: Int, _ connection: PostgresConnection) throws -> Slice {
    if selection.outcome == .parked { return try nextParked(after: position, limit, connection) }
    var outcome: Int?
    if case .attempt(let wanted) = selection.outcome { outcome = wanted.rawValue }
    let end: Int64? = try connection.query(
      """
      SELECT id FROM attempts WHERE webhook = $1 AND id > $2 AND id <= $3
      ORDER BY id LIMIT 1 OFFSET $4
      """, [webhook, position, newest, Self.rowsAtOnce]
    ).first?[0]
    let rows = try connection.query(
      """
      SELECT a.id, a.day, a.event, NOT EXISTS (SELECT 1 FROM attempts o
          WHERE o.day = a.day AND o.event = a.event AND o.webhook = a.webhook AND o.id > a.id
            AND o.id <= $3)
      FROM attempts a WHERE a.webhook = $1 AND a.id > $2 AND a.id <= $4 AND a.sent_at >= $5
        AND a.sent_at < $6 AND ($7::bigint IS NULL OR a.outcome = $7) AND ($8::text IS NULL
          OR (SELECT name FROM events e WHERE e.day = a.day AND e.key = a.event) = $8)
      ORDER BY a.id LIMIT $9
      """,
      [
        webhook, position, newest, end ?? newest, selection.since.nanoseconds,
        selection.until.nanoseconds, outcome, selection.eventName, limit,
      ])
    let found = rows.filter { $0[3] }.map { Delivery(day: $0[1], event: $0[2], backlog: nil) }
    return Slice(found: found, position: rows.count == limit ? rows.last?[0] : end)
  }

  private func nextParked(
    after position: Int64, _ limit: Int, _ connection: PostgresConnection
  ) throws -> Slice {
    let rows = try connection.query(
      """
      SELECT b.id, b.day, b.event FROM backlog b WHERE b.webhook = $1 AND b.state = 'parked'
        AND b.id > $2 AND b.id <= $3 AND b.created_at >= $4 AND b.created_at < $5
        AND ($6::text IS NULL
          OR (SELECT name FROM events e WHERE e.day = b.day AND e.key = b.event) = $6)
      ORDER BY b.id LIMIT $7
      """,
      [
        webhook, position, newest, selection.since.nanoseconds, selection.until.nanoseconds,
        selection.eventName, limit,
      ])
    return Slice(
      found: rows.map { Delivery(day: $0[1], event: $0[2], backlog: $0[0]) },
      position: rows.count < limit ? nil : rows.last?[0])
  }

  /// Puts deliveries into the backlog, each as a new run and so long after the one before it. One that is
  /// exhausted or parked there already goes on in its place.
  func queue(
    _ deliveries: [Delivery], dueAt: Timestamp, interval: Int64, _ connection: PostgresConnection
  ) throws {
    let runs = try connection.pipeline(
      deliveries.map {
        PostgresStore.takingRun(day: $0.day, event: $0.event, webhook: webhook)
      })
    let known = try connection.query(
      """
      SELECT (SELECT id FROM backlog b WHERE b.day = g.day AND b.event = g.event AND b.webhook = $1
        AND b.state <> 'waiting' ORDER BY b.run DESC LIMIT 1)
      FROM unnest($2, $3) WITH ORDINALITY AS g (day, event, number) ORDER BY g.number
      """,
      [
        webhook, PostgresArray(deliveries.map(\.day)), PostgresArray(deliveries.map(\.event)),
      ])
    let now = Timestamp.now().nanoseconds
    var dueAt = dueAt
    var statements: [PostgresStatement] = []
    for (index, delivery) in deliveries.enumerated() {
      let run: Int = runs[index][0][0]
      if let row = delivery.backlog ?? known[index][0] {
        statements.append(
          PostgresStore.reviving(row, run: run, .replay, reason: "replay", dueAt: dueAt))
      } else {
        statements.append(
          PostgresStatement(
            """
            INSERT INTO backlog (day, event, webhook, run, attempt, first_attempt_at, state, reason,
              trigger, created_at, due_at) VALUES ($1, $2, $3, $4, 1, $5, 'waiting', 'replay', $6, $5, $7)
            """,
            [
              delivery.day, delivery.event, webhook, run, now, AttemptTrigger.replay.rawValue,
              dueAt.nanoseconds,
            ]))
      }
      dueAt = Timestamp(nanoseconds: dueAt.nanoseconds + interval)
    }
    _ = try connection.pipeline(statements)
  }
}
