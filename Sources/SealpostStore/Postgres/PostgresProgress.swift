import SealpostCore

/// Asks how far deliveries have come.
struct PostgresProgress {
  private let deliveries: [DeliveryQuery]
  private let events: PostgresEventRows

  init(_ deliveries: [DeliveryQuery], _ hash: EventHash) {
    self.deliveries = deliveries
    var events = PostgresEventRows(hash)
    for query in deliveries {
      events.addIdentity(
        account: query.account, id: query.eventID, triggeredAt: query.triggeredAt)
    }
    self.events = events
  }

  /// One answer for each.
  func answers(_ connection: PostgresConnection) throws -> [DeliveryProgress] {
    guard !deliveries.isEmpty else { return [] }
    // A key that no event has, where there is none.
    let keys = try connection.run(events.find).map { ($0[0] as Int64?) ?? -1 }
    let rows = try connection.query(
      """
      SELECT (SELECT state FROM backlog b WHERE b.day = g.day AND b.event = g.event
          AND b.webhook = g.webhook AND b.run = g.run),
        f.number, f.outcome, f.next_attempt_at,
        EXISTS (SELECT 1 FROM attempts a WHERE a.day = g.day AND a.event = g.event
          AND a.webhook = g.webhook AND a.run = g.run AND a.number > f.number)
      FROM unnest($1, $2, $3, $4, $5) WITH ORDINALITY
        AS g (day, event, webhook, run, attempt, position)
      LEFT JOIN LATERAL (SELECT number, outcome, next_attempt_at FROM attempts a
        WHERE a.day = g.day AND a.event = g.event AND a.webhook = g.webhook AND a.run = g.run
          AND a.number >= g.attempt ORDER BY a.number LIMIT 1) f ON TRUE
      ORDER BY g.position
      """,
      [
        PostgresArray(events.days), PostgresArray(keys),
        PostgresArray(deliveries.map(\.webhookKey)),
        PostgresArray(deliveries.map { Int64($0.run) }),
        PostgresArray(deliveries.map { Int64($0.attempt) }),
      ])
    return zip(deliveries, rows).map { progress($0, $1) }
  }

  private func progress(_ query: DeliveryQuery, _ row: PostgresRow) -> DeliveryProgress {
    switch (row[0] as String?).flatMap({ BacklogState(rawValue: $0) }) {
    case .parked: return .parked
    case .waiting: return .waiting
    case .exhausted, nil: break
    }
    guard let number: Int = row[1] else { return .unknown }
    guard number == query.attempt, !(row[4] as Bool) else { return .superseded }
    guard row[2] == AttemptOutcome.retry.rawValue else { return .ended }
    return .retryPending(dueAt: Timestamp(nanoseconds: row[3] ?? 0))
  }
}
