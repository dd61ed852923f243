import SealpostCore

/// Batches whose commit may or may not hold, since its answer was lost.
struct DoubtfulRecords: Sendable {
  /// What tells the same batches, when they come again, from others.
  struct Fingerprint: Equatable, Sendable {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325
    private var rows = 0

    init(_ batches: [RecordBatch]) {
      for batch in batches {
        for event in batch.events { add(Int64(Int(bitPattern: event.body.baseAddress))) }
        batch.attempts.withUnsafeBufferPointer { rows in
          for index in rows.indices {
            add(rows[index].sentAt.nanoseconds)
            add(rows[index].webhookKey)
            add(Int64(rows[index].number))
          }
        }
        for row in batch.backlog {
          add(row.firstAttemptAt.nanoseconds)
          add(row.webhookKey)
        }
      }
    }

    private mutating func add(_ number: Int64) {
      rows += 1
      state = (state ^ UInt64(bitPattern: number)) &* 0x9E37_79B9_7F4A_7C15
      state ^= state >> 29
    }
  }

  var fingerprint: Fingerprint
  var doubt: PostgresDoubt<[[RecordVerdict]]>
}
