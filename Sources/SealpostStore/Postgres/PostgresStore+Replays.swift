public import SealpostCore

extension PostgresStore: ReplayStore {
  private static let columns = """
    SELECT r.*, w.id AS webhook_id, w.account FROM replays r JOIN webhooks w ON w.key = r.webhook
    """

  /// As `ReplayStore` says.
  public func count(_ selection: ReplaySelection, webhook: String, upTo limit: Int)
    async throws(StoreError) -> Int
  {
    try await read { connection in
      let key = try Self.webhookKey(webhook, connection)
      let newest = try PostgresReplayCandidates.newest(selection, connection)
      let candidates = PostgresReplayCandidates(selection: selection, webhook: key, newest: newest)
      return try connection.limited(to: QueryEffort.people.time) { time in
        var position: Int64 = -1
        var count = 0
        while count < limit {
          let slice = try candidates.next(after: position, limit: 10_000, connection)
          count += slice.found.count
          guard let last = slice.position else { break }
          try time.check()
          position = last
        }
        return min(count, limit)
      }
    }
  }

  /// As `ReplayStore` says.
  public func createReplay(
    id: String, account: String, webhook: String, _ selection: ReplaySelection, rate: Int?,
    expected: Int
  ) async throws(StoreError) -> Replay {
    try await write { connection in
      try connection.query(
        """
        INSERT INTO replays (id, webhook, since, until, outcome, event_name, rate, state, position,
          newest, expected, paced_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'running', -1, $8, $9, $10, $10)
        """,
        [
          id, try Self.webhookKey(webhook, connection), selection.since.nanoseconds,
          selection.until.nanoseconds, selection.outcome?.name, selection.eventName, rate,
          try PostgresReplayCandidates.newest(selection, connection), expected,
          Timestamp.now().nanoseconds,
        ])
      return try Self.find(id, connection)
    }
  }

  /// As `ReplayStore` says.
  public func replay(_ id: String) async throws(StoreError) -> Replay {
    try await read { try Self.find(id, $0) }
  }

  /// As `ReplayStore` says.
  public func replays(webhook: String, limit: Int) async throws(StoreError) -> [Replay] {
    try await read { connection in
      try connection.query(
        "\(Self.columns) WHERE w.id = $1 ORDER BY r.key DESC LIMIT $2", [webhook, limit]
      ).map(Self.replay)
    }
  }

  /// As `ReplayStore` says.
  public func cancelReplay(_ id: String) async throws(StoreError) -> Replay {
    try await write { connection in
      try connection.query(
        """
        UPDATE replays SET state = 'cancelled', ended_at = $1 WHERE id = $2 AND state = 'running'
        """, [Timestamp.now().nanoseconds, id])
      return try Self.find(id, connection)
    }
  }

  /// As `ReplayStore` says.
  public func advanceReplays(now: Timestamp, most: Int, slice: Int) async throws(StoreError) -> Bool
  {
    let running = try await read { connection in
      try connection.query("SELECT key FROM replays WHERE state = 'running'")
        .map { $0[0] as Int64 }
    }
    var isMore = false
    for key in running {
      let goesOn = try await write { connection in
        try Self.advance(key, now: now, most: most, slice: slice, connection)
      }
      isMore = isMore || goesOn
    }
    return isMore
  }

  /// One step of one replay; whether another may follow at once.
  private static func advance(
    _ key: Int64, now: Timestamp, most: Int, slice: Int, _ connection: PostgresConnection
  ) throws -> Bool {
    // Held until the end: another worker that is at the same one waits, and goes on from there.
    guard
      let row = try connection.query(
        "SELECT * FROM replays WHERE key = $1 AND state = 'running' FOR UPDATE", [key]
      ).first
    else { return false }
    let webhook: Int64 = row["webhook"]
    let waiting: Int = try connection.query(
      """
      SELECT count(*) FROM (
        SELECT 1 FROM backlog WHERE webhook = $1 AND state = 'waiting' LIMIT $2) found
      """, [webhook, most])[0][0]
    guard waiting < most else { return false }
    let interval = (row["rate"] as Int64?).map { 1_000_000_000 / max($0, 1) } ?? 0
    let dueAt = max(row["paced_at"] as Int64, now.nanoseconds)
    // Not more ahead of the clock than what a rate lets go in a while, so that a cancelled one ends soon.
    guard interval == 0 || dueAt < now.nanoseconds + 5_000_000_000 else { return false }
    let limit = min(
      slice, most - waiting, interval == 0 ? slice : max(1, Int(5_000_000_000 / interval)))
    let candidates = PostgresReplayCandidates(
      selection: selection(row), webhook: webhook, newest: row["newest"])
    let position: Int64 = row["position"]
    let step = try candidates.next(after: position, limit: limit, connection)
    try candidates.queue(
      step.found, dueAt: Timestamp(nanoseconds: dueAt), interval: interval, connection)
    try connection.query(
      """
      UPDATE replays SET queued = queued + $1, position = $2, paced_at = $3, state = $4,
        ended_at = $5 WHERE key = $6
      """,
      [
        step.found.count, step.position ?? position, dueAt + interval * Int64(step.found.count),
        step.position == nil ? "done" : "running",
        step.position == nil ? now.nanoseconds : Int64?.none, key,
      ])
    return step.position != nil
  }

  private static func webhookKey(_ id: String, _ connection: PostgresConnection) throws -> Int64 {
    guard
      let row = try connection.query(
        "SELECT key FROM webhooks WHERE id = $1 AND deleted_at IS NULL", [id]
      ).first
    else { throw StoreError.notFound("webhook \(id)") }
    return row[0]
  }

  private static func find(_ id: String, _ connection: PostgresConnection) throws -> Replay {
    guard let row = try connection.query("\(columns) WHERE r.id = $1", [id]).first else {
      throw StoreError.notFound("replay \(id)")
    }
    return replay(row)
  }

  private static func selection(_ row: PostgresRow) -> ReplaySelection {
    ReplaySelection(
      since: Timestamp(nanoseconds: row["since"]), until: Timestamp(nanoseconds: row["until"]),
      outcome: (row["outcome"] as String?).flatMap { ReplaySelection.Outcome(name: $0) },
      eventName: row["event_name"])
  }

  private static func replay(_ row: PostgresRow) -> Replay {
    Replay(
      id: row["id"], account: row["account"], webhookID: row["webhook_id"],
      selection: selection(row), rate: row["rate"],
      state: Replay.State(rawValue: row["state"]) ?? .done, expected: row["expected"],
      queued: row["queued"], createdAt: Timestamp(nanoseconds: row["created_at"]),
      endedAt: (row["ended_at"] as Int64?).map { Timestamp(nanoseconds: $0) })
  }
}
