import Foundation
import GRDB
public import SealpostCore

extension SQLiteStore: ReplayStore {
  private static let columns = """
    SELECT r.*, w.id AS webhook_id, w.account, w.paused FROM replays r
    JOIN webhooks w ON w.key = r.webhook
    """

  /// As `ReplayStore` says.
  public func count(_ selection: ReplaySelection, webhook: String, upTo limit: Int)
    async throws(StoreError) -> Int
  {
    try await read { database in
      let key = try Self.webhookKey(webhook, database)
      let newest = try ReplayCandidates.newest(selection, database)
      let candidates = ReplayCandidates(selection: selection, webhook: key, newest: newest)
      let deadline = MonotonicTime.nanoseconds() + QueryEffort.people.time.nanoseconds
      var position: Int64 = -1
      var count = 0
      while count < limit {
        let slice = try candidates.next(after: position, limit: 10_000, database)
        count += slice.found.count
        guard let last = slice.position else { break }
        guard MonotonicTime.nanoseconds() < deadline else { throw StoreError.tooMuchWork }
        position = last
      }
      return min(count, limit)
    }
  }

  /// As `ReplayStore` says.
  public func createReplay(
    id: String, account: String, webhook: String, _ selection: ReplaySelection, rate: Int?,
    expected: Int
  ) async throws(StoreError) -> Replay {
    try await write { database in
      let now = Timestamp.now().nanoseconds
      try database.execute(
        sql: """
          INSERT INTO replays (id, webhook, since, until, outcome, event_name, rate, state, position,
            newest, expected, paced_at, created_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, 'running', -1, ?, ?, ?, ?)
          """,
        arguments: [
          id, try Self.webhookKey(webhook, database), selection.since.nanoseconds,
          selection.until.nanoseconds, selection.outcome?.name, selection.eventName, rate,
          try ReplayCandidates.newest(selection, database), expected, now, now,
        ])
      return try Self.find(id, database)
    }
  }

  /// As `ReplayStore` says.
  public func replay(_ id: String) async throws(StoreError) -> Replay {
    try await read { try Self.find(id, $0) }
  }

  /// As `ReplayStore` says.
  public func replays(webhook: String, limit: Int) async throws(StoreError) -> [Replay] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "\(Self.columns) WHERE w.id = ? ORDER BY r.key DESC LIMIT ?",
        arguments: [webhook, limit]
      ).map(Self.replay)
    }
  }

  /// As `ReplayStore` says.
  public func cancelReplay(_ id: String) async throws(StoreError) -> Replay {
    try await write { database in
      try database.execute(
        sql: """
          UPDATE replays SET state = 'cancelled', ended_at = ? WHERE id = ? AND state = 'running'
          """, arguments: [Timestamp.now().nanoseconds, id])
      return try Self.find(id, database)
    }
  }

  /// As `ReplayStore` says.
  public func advanceReplays(now: Timestamp, most: Int, slice: Int) async throws(StoreError) -> Bool
  {
    let running = try await read { database in
      try Int64.fetchAll(database, sql: "SELECT key FROM replays WHERE state = 'running'")
    }
    var isMore = false
    for key in running {
      let goesOn = try await write { database in
        try Self.advance(key, now: now, most: most, slice: slice, database)
      }
      isMore = isMore || goesOn
    }
    return isMore
  }

  /// One step of one replay; whether another may follow at once.
  private static func advance(
    _ key: Int64, now: Timestamp, most: Int, slice: Int, _ database: Database
  ) throws -> Bool {
    guard
      let row = try Row.fetchOne(
        database, sql: "SELECT * FROM replays WHERE key = ? AND state = 'running'",
        arguments: [key])
    else { return false }
    let webhook: Int64 = row["webhook"]
    let waiting =
      try Int.fetchOne(
        database,
        sql: """
          SELECT count(*) FROM (
            SELECT 1 FROM backlog WHERE webhook = ? AND state = 'waiting' LIMIT ?)
          """, arguments: [webhook, most]) ?? 0
    guard waiting < most else { return false }
    let interval = (row["rate"] as Int64?).map { 1_000_000_000 / max($0, 1) } ?? 0
    var dueAt = max(row["paced_at"] as Int64, now.nanoseconds)
    // Not more ahead of the clock than what a rate lets go in a while, so that a cancelled one ends soon.
    guard interval == 0 || dueAt < now.nanoseconds + 5_000_000_000 else { return false }
    let limit = min(
      slice, most - waiting, interval == 0 ? slice : max(1, Int(5_000_000_000 / interval)))
    let candidates = ReplayCandidates(
      selection: selection(row), webhook: webhook, newest: row["newest"])
    let step = try candidates.next(after: row["position"], limit: limit, database)
    for delivery in step.found {
      try candidates.queue(delivery, dueAt: Timestamp(nanoseconds: dueAt), database)
      dueAt += interval
    }
    try database.execute(
      sql: """
        UPDATE replays SET queued = queued + ?, position = ?, paced_at = ?,
          state = ?, ended_at = ? WHERE key = ?
        """,
      arguments: [
        step.found.count, step.position ?? (row["position"] as Int64), dueAt,
        step.position == nil ? "done" : "running",
        step.position == nil ? now.nanoseconds : nil, key,
      ])
    return step.position != nil
  }

  private static func webhookKey(_ id: String, _ database: Database) throws -> Int64 {
    guard
      let key = try Int64.fetchOne(
        database, sql: "SELECT key FROM webhooks WHERE id = ? AND deleted_at IS NULL",
        arguments: [id])
    else { throw StoreError.notFound("webhook \(id)") }
    return key
  }

  private static func find(_ id: String, _ database: Database) throws -> Replay {
    guard
      let row = try Row.fetchOne(database, sql: "\(columns) WHERE r.id = ?", arguments: [id])
    else { throw StoreError.notFound("replay \(id)") }
    return replay(row)
  }

  private static func selection(_ row: Row) -> ReplaySelection {
    ReplaySelection(
      since: Timestamp(nanoseconds: row["since"]), until: Timestamp(nanoseconds: row["until"]),
      outcome: (row["outcome"] as String?).flatMap { ReplaySelection.Outcome(name: $0) },
      eventName: row["event_name"])
  }

  private static func replay(_ row: Row) -> Replay {
    Replay(
      id: row["id"], account: row["account"], webhookID: row["webhook_id"],
      selection: selection(row), rate: row["rate"],
      state: Replay.State(rawValue: row["state"]) ?? .done, expected: row["expected"],
      queued: row["queued"], createdAt: Timestamp(nanoseconds: row["created_at"]),
      endedAt: (row["ended_at"] as Int64?).map { Timestamp(nanoseconds: $0) })
  }
}
