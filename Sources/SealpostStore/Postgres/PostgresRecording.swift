import SealpostCore

/// Writes what lanes left for the recorder: one statement for all events, one for all rows of the backlog, one
/// for all attempts, each a column an array.
struct PostgresRecording {
  /// A delivery in a run, which the backlog has once.
  private struct DeliveryKey: Hashable {
    let event: Int64
    let webhook: Int64
    let run: Int
  }

  /// An event as the store has it.
  private struct Event {
    let day: Int64
    let key: Int64
  }

  /// Bodies that go in one statement, in bytes.
  private static let bytesAtOnce = 16 << 20

  private let batches: [RecordBatch]
  private let hash: EventHash

  init(_ batches: [RecordBatch], _ hash: EventHash) {
    self.batches = batches
    self.hash = hash
  }

  /// Writes everything and tells for each batch what became of its attempts. Within a transaction.
  func write(to connection: PostgresConnection) throws -> [[RecordVerdict]] {
    let events = try keys(connection)
    var attempts = PostgresAttemptRows()
    // Before the attempts: the end of one may take a row of its batch out again.
    var backlog = PostgresBacklogRows()
    var first = 0
    for batch in batches {
      for row in batch.backlog {
        let event = events[first + row.event]
        backlog.add(row, day: event.day, event: event.key)
      }
      // In place: a copy of a row counts references that the lanes' threads count too.
      batch.attempts.withUnsafeBufferPointer { rows in
        for index in rows.indices {
          let event = events[first + rows[index].event]
          attempts.add(rows[index], day: event.day, event: event.key)
        }
      }
      first += batch.events.count
    }
    let results = try connection.pipeline(backlog.statements + attempts.statements)
    let verdicts = attempts.verdicts(attempts.statements.isEmpty ? nil : results.last)
    try end(verdicts, events, connection)
    return verdicts.split(by: batches.map(\.attempts.count))
  }

  /// The keys of all events, those that are not there made.
  private func keys(_ connection: PostgresConnection) throws -> [Event] {
    var found: [Event] = []
    var rows = PostgresEventRows(hash)
    func flush() throws {
      guard rows.count > 0 else { return }
      let results = try connection.pipeline([rows.insert, rows.find])
      found += results[1].enumerated().map { Event(day: rows.days[$0], key: $1[0]) }
      rows = PostgresEventRows(hash)
    }
    for batch in batches {
      for event in batch.events {
        rows.add(event)
        if rows.bytes > Self.bytesAtOnce { try flush() }
      }
    }
    try flush()
    return found
  }

  /// Carries out what the end of a delivery means for the backlog.
  private func end(
    _ verdicts: [RecordVerdict], _ events: [Event], _ connection: PostgresConnection
  ) throws {
    var statements: [PostgresStatement] = []
    var exhausted = PostgresBacklogRows()
    var first = 0
    var position = 0
    for batch in batches {
      batch.attempts.withUnsafeBufferPointer { rows in
        for index in rows.indices {
          defer { position += 1 }
          guard verdicts[position] == .inserted else { continue }
          let event = events[first + rows[index].event]
          if rows[index].isInBacklog, rows[index].outcome != .retry {
            statements.append(
              PostgresStatement(
                """
                DELETE FROM backlog
                WHERE day = $1 AND event = $2 AND webhook = $3 AND run = $4 AND state = 'waiting'
                """, [event.day, event.key, rows[index].webhookKey, rows[index].run]))
          }
          if rows[index].outcome == .exhausted {
            exhausted.add(
              BacklogRow(
                event: 0, webhookKey: rows[index].webhookKey, run: rows[index].run,
                attempt: rows[index].number, firstAttemptAt: rows[index].firstAttemptAt,
                state: .exhausted, reason: rows[index].reason?.id ?? "exhausted"),
              day: event.day, event: event.key)
          }
        }
      }
      first += batch.events.count
    }
    _ = try connection.pipeline(statements + exhausted.statements)
  }
}

extension [RecordVerdict] {
  fileprivate func split(by counts: [Int]) -> [[RecordVerdict]] {
    var rest = self[...]
    return counts.map { count in
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
  }
}
