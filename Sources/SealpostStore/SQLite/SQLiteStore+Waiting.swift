import Foundation
import GRDB
public import SealpostCore

extension SQLiteStore: BacklogQueue {
  /// As `BacklogQueue` says.
  public func takeLease(_ name: String, owner: String, for duration: Duration)
    throws(StoreError) -> Bool
  {
    try writeBlocking { database in
      let now = Timestamp.now()
      try database.execute(
        sql: """
          INSERT INTO leases VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE
          SET owner = excluded.owner, until = excluded.until
          WHERE owner = excluded.owner OR until < ? OR until > ?
          """,
        // A lease that ends far in the future was taken before the clock was set back.
        arguments: [
          name, owner, (now + duration).nanoseconds, now.nanoseconds,
          (now + duration * 10).nanoseconds,
        ])
      return database.changesCount == 1
    }
  }

  /// As `BacklogQueue` says.
  public func giveBackLease(_ name: String, owner: String) throws(StoreError) {
    try writeBlocking { database in
      try database.execute(
        sql: "DELETE FROM leases WHERE name = ? AND owner = ?", arguments: [name, owner])
    }
  }

  /// As `BacklogQueue` says.
  public func waitingWebhooks(now: Timestamp) throws(StoreError) -> [WaitingWebhook] {
    try readBlocking { database in
      // From one webhook to the next in the index, instead of over all rows that wait.
      try Row.fetchAll(
        database.cachedStatement(
          sql: """
            WITH RECURSIVE found (webhook) AS (
              SELECT min(webhook) FROM backlog WHERE state = 'waiting'
              UNION ALL
              SELECT (SELECT min(webhook) FROM backlog
                WHERE state = 'waiting' AND webhook > found.webhook) FROM found
              WHERE found.webhook IS NOT NULL)
            SELECT f.webhook, (SELECT CASE reason WHEN 'ladder_refused' THEN 0 ELSE id END FROM backlog
              WHERE id = (SELECT max(id) FROM backlog WHERE state = 'waiting' AND webhook = f.webhook))
            FROM found f JOIN webhooks w ON w.key = f.webhook
            WHERE (w.paused = 0 OR w.deleted_at IS NOT NULL) AND NOT (SELECT paused FROM store_version)
              AND EXISTS (SELECT 1 FROM backlog
                WHERE state = 'waiting' AND webhook = f.webhook AND due_at <= ?)
            """), arguments: [now.nanoseconds]
      ).map { WaitingWebhook(key: $0[0], newest: $0[1]) }
    }
  }

  /// As `BacklogQueue` says.
  public func waiting(for webhook: Int64, now: Timestamp, limit: Int) throws(StoreError)
    -> [WaitingDelivery]
  {
    try readBlocking { database in
      try Row.fetchAll(
        database.cachedStatement(
          sql: """
            SELECT b.id, b.generation, b.run, b.attempt, b.trigger, b.first_attempt_at, e.account,
              e.id AS event_id, e.name AS event_name, e.body, e.traceparent, w.id AS webhook_id,
              (SELECT revision FROM store_version) AS revision
            FROM backlog b JOIN events e ON e.key = b.event JOIN webhooks w ON w.key = b.webhook
            WHERE b.state = 'waiting' AND b.webhook = ? AND b.due_at <= ?
            ORDER BY b.due_at, b.id LIMIT ?
            """), arguments: [webhook, now.nanoseconds, limit]
      ).map { row in
        WaitingDelivery(
          id: row["id"], generation: row["generation"],
          resend: Resend(
            account: row["account"], eventID: row["event_id"], eventName: row["event_name"],
            body: Array(row["body"] as Data), webhookID: row["webhook_id"], run: row["run"],
            trigger: AttemptTrigger(rawValue: row["trigger"]) ?? .event, revision: row["revision"],
            traceparent: row["traceparent"]),
          attempt: row["attempt"],
          firstAttemptAt: Timestamp(nanoseconds: row["first_attempt_at"]))
      }
    }
  }

  /// As `BacklogQueue` says.
  public func removeWaiting(_ deliveries: [WaitingDelivery]) throws(StoreError) {
    try writeBlocking { database in
      let statement = try database.cachedStatement(
        sql: "DELETE FROM backlog WHERE id = ? AND generation = ? AND state = 'waiting'")
      for delivery in deliveries {
        try statement.execute(arguments: [delivery.id, delivery.generation])
      }
    }
  }

  /// As `BacklogQueue` says.
  public func expire(
    waitingBefore: Timestamp, parkedBefore: Timestamp, mostOfWebhook: Int, slice: Int
  ) throws(StoreError) -> Int {
    try writeBlocking { database in
      var rows = try Int64.fetchAll(
        database,
        sql: """
          SELECT id FROM (SELECT id, state, created_at FROM backlog
            WHERE state IN ('waiting', 'parked') ORDER BY id LIMIT ?)
          WHERE created_at < CASE state WHEN 'waiting' THEN ? ELSE ? END
          """, arguments: [slice, waitingBefore.nanoseconds, parkedBefore.nanoseconds])
      let crowded = try Row.fetchAll(
        database,
        sql: """
          SELECT webhook, count(*) AS rows FROM backlog WHERE state IN ('waiting', 'parked')
          GROUP BY webhook HAVING count(*) > ?
          """, arguments: [mostOfWebhook])
      for webhook in crowded where rows.count < slice {
        rows += try Int64.fetchAll(
          database,
          sql: """
            SELECT id FROM backlog WHERE webhook = ? AND state IN ('waiting', 'parked')
            ORDER BY id LIMIT ?
            """,
          arguments: [
            webhook["webhook"], min(slice - rows.count, (webhook["rows"] as Int) - mostOfWebhook),
          ])
      }
      let now = Timestamp.now().nanoseconds
      let ended = Set(rows).sorted()
      for row in ended {
        try database.execute(
          sql: """
            INSERT INTO attempts (event, webhook, run, number, trigger, url, sent_at, dns, connect,
              tls, first_byte, total, status, outcome)
            SELECT event, webhook, run, attempt, ?, '', ?, 0, 0, 0, 0, 0, 0, ? FROM backlog
            WHERE id = ? ON CONFLICT (event, webhook, run, number) DO NOTHING
            """,
          arguments: [
            AttemptTrigger.retry.rawValue, now, AttemptOutcome.expired.rawValue, row,
          ])
        try database.execute(
          sql: """
            INSERT OR IGNORE INTO attempt_spans
            SELECT id >> \(LogQuery.spanBits), webhook FROM attempts WHERE id = last_insert_rowid()
            """)
        try database.execute(sql: "DELETE FROM backlog WHERE id = ?", arguments: [row])
      }
      return ended.count
    }
  }
}
