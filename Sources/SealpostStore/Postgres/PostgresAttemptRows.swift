import SealpostCore

/// Attempts for one statement, a column an array.
struct PostgresAttemptRows {
  private struct Key: Equatable {
    let event: Int64
    let webhook: Int64
    let run: Int64
    let number: Int64
  }

  private var keys: [Key] = []
  private var numbers = [PostgresArray<Int64>](repeating: PostgresArray(), count: 14)
  private var urls = PostgresArray<String>()
  private var addresses = PostgresArray<String?>()
  private var receivedAt = PostgresArray<Int64?>()
  private var reasons = PostgresArray<Int64?>()
  private var nextAttemptsAt = PostgresArray<Int64?>()
  private var headers = PostgresArray<[UInt8]?>()
  private var bodies = PostgresArray<[UInt8]?>()

  mutating func add(_ row: borrowing AttemptRow, day: Int64, event: Int64) {
    keys.append(
      Key(
        event: event, webhook: row.webhookKey, run: Int64(row.run), number: Int64(row.number)))
    let values = [
      day, event, row.webhookKey, Int64(row.run), Int64(row.number), Int64(row.trigger.rawValue),
      row.sentAt.nanoseconds, row.timings.dns, row.timings.connect, row.timings.tls,
      row.timings.firstByte, row.timings.total, Int64(row.status), Int64(row.outcome.rawValue),
    ]
    for (index, value) in values.enumerated() { numbers[index].append(value) }
    urls.append(row.url)
    addresses.append(row.remoteAddress)
    receivedAt.append(row.receivedAt?.nanoseconds)
    reasons.append(row.reason.map { Int64($0.code) })
    nextAttemptsAt.append(row.nextAttemptAt?.nanoseconds)
    headers.append(row.response?.headers)
    bodies.append(row.response?.body)
  }

  /// Inserts those that are not there, or nothing.
  var statements: [PostgresStatement] {
    guard !keys.isEmpty else { return [] }
    let strings: [any PostgresParameter] = [
      urls, addresses, receivedAt, reasons, nextAttemptsAt, headers, bodies,
    ]
    return [
      PostgresStatement(
        """
        INSERT INTO attempts (day, event, webhook, run, number, trigger, sent_at, dns, connect, tls,
          first_byte, total, status, outcome, url, remote_address, received_at, reason,
          next_attempt_at, response_headers, response_body)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
          $18, $19, $20, $21)
        ON CONFLICT (event, webhook, run, number, day) DO NOTHING
        RETURNING event, webhook, run, number
        """, numbers + strings)
    ]
  }

  /// What became of each row. Those that were inserted come back in the order in which they were given.
  func verdicts(_ inserted: PostgresResult?) -> [RecordVerdict] {
    var rows = (inserted.map { Array($0) } ?? [])[...]
    return keys.map { key in
      guard let next = rows.first,
        key == Key(event: next[0], webhook: next[1], run: next[2], number: next[3])
      else { return .duplicate }
      rows.removeFirst()
      return .inserted
    }
  }
}
