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
  public func beginSuspect(messageKey: String, worker: String) throws(StoreError)
    -> SuspectVerdict
  {
    try recordBlocking { session in
      try session.read { connection in
        try connection.query(
          "INSERT INTO suspects VALUES ($1, $2, $3) ON CONFLICT (message) DO NOTHING",
          [messageKey, worker, Timestamp.now().nanoseconds])
        let known: String? = try connection.query(
          "SELECT worker FROM suspects WHERE message = $1", [messageKey]
        ).first?[0]
        guard let known, known != worker else { return .taken }
        return .leftBehind(worker: known)
      }
    }
  }

  /// As `RecordingStore` says.
  public func endSuspect(messageKey: String) throws(StoreError) {
    try recordBlocking { session in
      _ = try session.read {
        try $0.query("DELETE FROM suspects WHERE message = $1", [messageKey])
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
