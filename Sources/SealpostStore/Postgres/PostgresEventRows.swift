import SealpostCore

/// Events for one statement, a column an array.
struct PostgresEventRows {
  /// The day of each.
  private(set) var days: [Int64] = []
  /// How large their bodies are.
  private(set) var bytes = 0
  private let hash: EventHash
  private var hashes: [Int64] = []
  private var accounts = PostgresArray<String>()
  private var ids = PostgresArray<String>()
  private var names = PostgresArray<String>()
  private var bodies = PostgresArray<[UInt8]>()
  private var triggeredAt = PostgresArray<Int64>()
  private var receivedAt = PostgresArray<Int64>()
  private var traces = PostgresArray<String?>()

  init(_ hash: EventHash) { self.hash = hash }

  var count: Int { days.count }

  mutating func add(_ event: EventRow) {
    addIdentity(account: event.account, id: event.id, triggeredAt: event.triggeredAt)
    names.append(raw: event.name)
    bodies.append(raw: event.body)
    triggeredAt.append(event.triggeredAt.nanoseconds)
    receivedAt.append(event.receivedAt.nanoseconds)
    if let trace = event.traceparent { traces.append(raw: trace) } else { traces.append(nil) }
    bytes += event.body.count
  }

  /// Adds an event that is only looked for.
  mutating func addIdentity(
    account: UnsafeRawBufferPointer, id: UnsafeRawBufferPointer, triggeredAt: Timestamp
  ) {
    days.append(PostgresPartitions.day(of: triggeredAt))
    hashes.append(hash.make(account, id, triggeredAt))
    accounts.append(raw: account)
    ids.append(raw: id)
  }

  /// Inserts those that are not there.
  var insert: PostgresStatement {
    PostgresStatement(
      """
      INSERT INTO events (day, hash, account, id, name, body, triggered_at, received_at,
        traceparent)
      SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
      ON CONFLICT (id, account, hash, day) DO NOTHING
      """,
      identity + [names, bodies, triggeredAt, receivedAt, traces])
  }

  /// Asks for the keys, NULL where an event is not there. A statement of its own, after the other: it sees
  /// what another worker inserted meanwhile.
  var find: PostgresStatement {
    PostgresStatement(
      """
      SELECT (SELECT key FROM events e
        WHERE e.day = g.day AND e.hash = g.hash AND e.account = g.account AND e.id = g.id)
      FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS g (day, hash, account, id, number)
      ORDER BY g.number
      """, identity)
  }

  private var identity: [any PostgresParameter] {
    [PostgresArray(days), PostgresArray(hashes), accounts, ids]
  }
}
