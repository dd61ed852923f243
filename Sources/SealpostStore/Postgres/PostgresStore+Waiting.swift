public import SealpostCore

extension PostgresStore: BacklogQueue {
  /// As `BacklogQueue` says. By the server's clock: those of workers may differ.
  public func takeLease(_ name: String, owner: String, for duration: Duration)
    throws(StoreError) -> Bool
  {
    try readBlocking { connection in
      try connection.query(
        """
        INSERT INTO leases
        SELECT $1, $2, n + $3
        FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint AS n) clock
        ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
        WHERE leases.owner = excluded.owner OR leases.until < excluded.until - $3
        """, [name, owner, duration.nanoseconds]
      ).affected == 1
    }
  }

  /// As `BacklogQueue` says.
  public func giveBackLease(_ name: String, owner: String) throws(StoreError) {
    try readBlocking { connection in
      _ = try connection.query(
        "DELETE FROM leases WHERE name = $1 AND owner = $2", [name, owner])
    }
  }

  /// As `BacklogQueue` says.
  public func waitingWebhooks(now: Timestamp) throws(StoreError) -> [WaitingWebhook] {
    try readBlocking { connection in
      // From one webhook to the next in the index, instead of over all rows that wait.
      try connection.query(
        """
        WITH RECURSIVE found (webhook) AS (
          SELECT min(webhook) FROM backlog WHERE state = 'waiting'
          UNION ALL
          SELECT (SELECT min(webhook) FROM backlog
            WHERE state = 'waiting' AND webhook > found.webhook) FROM found
          WHERE found.webhook IS NOT NULL)
        SELECT f.webhook, (SELECT CASE reason WHEN 'ladder_refused' THEN 0 ELSE id END FROM backlog
          WHERE id = (SELECT max(id) FROM backlog WHERE state = 'waiting' AND webhook = f.webhook))
        FROM found f JOIN webhooks w ON w.key = f.webhook
        WHERE (NOT w.paused OR w.deleted_at IS NOT NULL) AND NOT (SELECT paused FROM store_version)
          AND EXISTS (
            SELECT 1 FROM backlog WHERE state = 'waiting' AND webhook = f.webhook AND due_at <= $1)
        """, [now.nanoseconds]
      ).map { WaitingWebhook(key: $0[0], newest: $0[1]) }
    }
  }

  /// As `BacklogQueue` says.
  public func waiting(for webhook: Int64, now: Timestamp, limit: Int) throws(StoreError)
    -> [WaitingDelivery]
  {
    try readBlocking { connection in
      try connection.query(
        """
        SELECT b.id, b.generation, b.run, b.attempt, b.trigger, b.first_attempt_at, e.account,
          e.id AS event_id, e.name AS event_name, e.body, e.traceparent, w.id AS webhook_id,
          (SELECT revision FROM store_version) AS revision
        FROM (SELECT * FROM backlog WHERE state = 'waiting' AND webhook = $1 AND due_at <= $2
          ORDER BY due_at, id LIMIT $3) b
        JOIN events e ON e.day = b.day AND e.key = b.event JOIN webhooks w ON w.key = b.webhook
        ORDER BY b.due_at, b.id
        """, [webhook, now.nanoseconds, limit]
      ).map { row in
        WaitingDelivery(
          id: row["id"], generation: row["generation"],
          resend: Resend(
            account: row["account"], eventID: row["event_id"], eventName: row["event_name"],
            body: row["body"], webhookID: row["webhook_id"], run: row["run"],
            trigger: AttemptTrigger(rawValue: row["trigger"]) ?? .event, revision: row["revision"],
            traceparent: row["traceparent"]),
          attempt: row["attempt"],
          firstAttemptAt: Timestamp(nanoseconds: row["first_attempt_at"]))
      }
    }
  }

  /// As `BacklogQueue` says.
  public func removeWaiting(_ deliveries: [WaitingDelivery]) throws(StoreError) {
    try readBlocking { connection in
      _ = try connection.query(
        """
        DELETE FROM backlog b USING unnest($1, $2) AS g (id, generation)
        WHERE b.id = g.id AND b.generation = g.generation AND b.state = 'waiting'
        """,
        [
          PostgresArray(deliveries.map(\.id)),
          PostgresArray(deliveries.map { Int64($0.generation) }),
        ])
    }
  }

  /// As `BacklogQueue` says.
  public func expire(
    waitingBefore: Timestamp, parkedBefore: Timestamp, mostOfWebhook: Int, slice: Int
  ) throws(StoreError) -> Int {
    try writeBlocking { connection in
      var rows: [Int64] = try connection.query(
        """
        SELECT id FROM (SELECT id, state, created_at FROM backlog
          WHERE state IN ('waiting', 'parked') ORDER BY id LIMIT $1) oldest
        WHERE created_at < CASE state WHEN 'waiting' THEN $2::bigint ELSE $3::bigint END
        """, [slice, waitingBefore.nanoseconds, parkedBefore.nanoseconds]
      ).map { $0[0] }
      let crowded = try connection.query(
        """
        SELECT webhook, count(*) AS rows FROM backlog WHERE state IN ('waiting', 'parked')
        GROUP BY webhook HAVING count(*) > $1
        """, [mostOfWebhook])
      for webhook in crowded where rows.count < slice {
        rows += try connection.query(
          """
          SELECT id FROM backlog WHERE webhook = $1 AND state IN ('waiting', 'parked')
          ORDER BY id LIMIT $2
          """,
          [
            webhook["webhook"] as Int64,
            min(slice - rows.count, (webhook["rows"] as Int) - mostOfWebhook),
          ]
        ).map { $0[0] }
      }
      return try connection.query(
        """
        WITH ended AS (DELETE FROM backlog WHERE id = ANY ($1)
          RETURNING id, day, event, webhook, run, attempt),
        logged AS (INSERT INTO attempts (day, event, webhook, run, number, trigger, url, sent_at, dns,
            connect, tls, first_byte, total, status, outcome)
          SELECT day, event, webhook, run, attempt, $2, '', $3, 0, 0, 0, 0, 0, 0, $4
          FROM ended ORDER BY id ON CONFLICT (event, webhook, run, number, day) DO NOTHING)
        SELECT 1 FROM ended
        """,
        [
          PostgresArray(rows), AttemptTrigger.retry.rawValue, Timestamp.now().nanoseconds,
          AttemptOutcome.expired.rawValue,
        ]
      ).count
    }
  }
}
