import SealpostCore

/// Rows of the backlog for one statement, a column an array. A delivery that is there twice is one row, as
/// if the second had come after the first.
struct PostgresBacklogRows {
  private struct Key: Hashable {
    let event: Int64
    let webhook: Int64
    let run: Int
  }

  private var rows: [(day: Int64, event: Int64, row: BacklogRow)] = []
  private var positions: [Key: Int] = [:]

  mutating func add(_ row: BacklogRow, day: Int64, event: Int64) {
    let key = Key(event: event, webhook: row.webhookKey, run: row.run)
    guard let position = positions[key] else {
      positions[key] = rows.count
      rows.append((day, event, row))
      return
    }
    let known = rows[position].row
    guard known.state == .waiting else { return }
    var merged = row
    merged.attempt = max(known.attempt, row.attempt)
    merged.firstAttemptAt = known.firstAttemptAt
    merged.trigger = known.trigger
    rows[position].row = merged
  }

  /// Inserts them, or nothing. Where a delivery waits there already, that row gets a new generation: whoever
  /// is about to take it out sees that it came back, and leaves it.
  var statements: [PostgresStatement] {
    guard !rows.isEmpty else { return [] }
    func numbers(_ value: (BacklogRow) -> Int64) -> PostgresArray<Int64> {
      PostgresArray(rows.map { value($0.row) })
    }
    return [
      PostgresStatement(
        """
        INSERT INTO backlog (day, event, webhook, run, attempt, first_attempt_at, state, reason,
          due_at, trigger, created_at)
        SELECT g.*, $11 FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) g
        ON CONFLICT (day, event, webhook, run) DO UPDATE SET generation = backlog.generation + 1,
          state = excluded.state, reason = excluded.reason, due_at = excluded.due_at,
          attempt = greatest(backlog.attempt, excluded.attempt)
        WHERE backlog.state = 'waiting'
        """,
        [
          PostgresArray(rows.map(\.day)), PostgresArray(rows.map(\.event)),
          numbers(\.webhookKey), numbers { Int64($0.run) }, numbers { Int64($0.attempt) },
          numbers(\.firstAttemptAt.nanoseconds), PostgresArray(rows.map(\.row.state.rawValue)),
          PostgresArray(rows.map(\.row.reason)), numbers(\.dueAt.nanoseconds),
          numbers { Int64($0.trigger.rawValue) }, Timestamp.now().nanoseconds,
        ])
    ]
  }
}
