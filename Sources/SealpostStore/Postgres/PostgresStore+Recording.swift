import SealpostCore
import Synchronization

extension PostgresStore: RecordingStore {
  /// As `RecordingStore` says.
  ///
  /// Where the answer to the commit was lost, the same batches are given again, and the first try is asked
  /// about before anything is written: all of its rows would be duplicates, and their retries never sent.
  public func record(_ batches: [RecordBatch]) throws(StoreError) -> [[RecordVerdict]] {
    let fingerprint = DoubtfulRecords.Fingerprint(batches)
    let known = doubtfulRecords.withLock { $0 }
    var doubt =
      known?.fingerprint == fingerprint ? known?.doubt ?? PostgresDoubt() : PostgresDoubt()
    defer {
      let left = doubt
      doubtfulRecords.withLock {
        $0 = left.value == nil ? nil : DoubtfulRecords(fingerprint: fingerprint, doubt: left)
      }
    }
    let verdicts = try recordBlocking { [eventHash] session in
      try session.write(&doubt) { connection in
        try PostgresRecording(batches, eventHash).write(to: connection)
      }
    }
    doubt.value = nil
    return verdicts
  }

  /// As `RecordingStore` says.
  public func progress(of deliveries: [DeliveryQuery]) throws(StoreError) -> [DeliveryProgress] {
    try recordBlocking { [eventHash] session in
      try session.read { try PostgresProgress(deliveries, eventHash).answers($0) }
    }
  }

  /// As `RecordingStore` says.
  public func beginSuspects(_ messageKeys: [String], worker: String, isAlone: Bool)
    throws(StoreError) -> [SuspectVerdict]
  {
    // One message may be there twice, and a statement changes no row twice.
    let asked = PostgresArray(Set(messageKeys).sorted())
    return try recordBlocking { session in
      try session.read { connection in
        try connection.query(
          """
          INSERT INTO suspects AS s (message, worker, since, alone)
          SELECT message, $2, $3, $4 FROM unnest($1) AS a (message)
          ON CONFLICT (message) DO UPDATE SET worker = $2, since = $3, alone = TRUE
            WHERE $4 AND (s.worker = $2 OR NOT s.alone)
          """, [asked, worker, Timestamp.now().nanoseconds, isAlone])
        var verdicts: [String: SuspectVerdict] = [:]
        for row in try connection.query(
          "SELECT message, worker, alone FROM suspects WHERE message = ANY ($1)", [asked])
        {
          verdicts[row[0]] = SuspectVerdict(
            noted: row[1], isAlone: row[2], worker: worker)
        }
        return messageKeys.map { verdicts[$0] ?? .taken }
      }
    }
  }

  /// As `RecordingStore` says.
  public func endSuspects(_ messageKeys: [String]) throws(StoreError) {
    try recordBlocking { session in
      _ = try session.read {
        try $0.query(
          "DELETE FROM suspects WHERE message = ANY ($1)", [PostgresArray(messageKeys)])
      }
    }
  }

  /// As `RecordingStore` says.
  public func keepRejected(_ messages: [RejectedDraft]) throws(StoreError) {
    try writeBlocking { connection in
      for message in messages {
        try connection.query(
          """
          INSERT INTO rejected (account, reason, detail, message_id, body, received_at)
          VALUES ($1, $2, $3, $4, $5, $6)
          """,
          [
            message.account, message.reason, message.detail, message.messageID,
            Array(message.body), message.receivedAt.nanoseconds,
          ])
      }
    }
  }
}
