internal import GRDBSQLite
import SealpostCore

/// The events of a batch that the log has not got, as rows of `RowTable`.
struct NewEventRows {
  /// One of them.
  struct New {
    /// Where it stands in the batch.
    let index: Int
    let hash: Int64
  }

  /// Its columns, in the order in which they are handed over.
  static let columns =
    "key, hash, account, id, name, body, triggered_at, received_at, traceparent"

  let events: UnsafePointer<EventRow>
  let new: UnsafePointer<New>
  /// The key of the first; those of the others follow it.
  let firstKey: Int64

  /// Hands over a value (sqlite.org/vtab.html, xColumn). The texts are the lane's for as long as it takes.
  static let column: RowTable.Column = {
    memory, index, context, number in
    guard let rows = memory?.assumingMemoryBound(to: NewEventRows.self) else { return }
    let new = rows.pointee.new + Int(index)
    let event = rows.pointee.events + new.pointee.index
    switch number {
    case 0: sqlite3_result_int64(context, rows.pointee.firstKey + index)
    case 1: sqlite3_result_int64(context, new.pointee.hash)
    case 2: give(context, text: event.pointee.account)
    case 3: give(context, text: event.pointee.id)
    case 4: give(context, text: event.pointee.name)
    case 5: give(context, blob: event.pointee.body, isKept: true)
    case 6: sqlite3_result_int64(context, event.pointee.triggeredAt.nanoseconds)
    case 7: sqlite3_result_int64(context, event.pointee.receivedAt.nanoseconds)
    default: if let text = event.pointee.traceparent { give(context, text: text) }
    }
  }
}

/// The attempts of a batch as rows of `RowTable`.
struct NewAttemptRows {
  /// Their columns, in the order in which they are handed over.
  static let columns = """
    id, event, webhook, run, number, trigger, url, sent_at, received_at, dns, connect, tls, first_byte,
    total, remote_address, status, outcome, reason, next_attempt_at, response_headers, response_body
    """

  let attempts: UnsafePointer<AttemptRow>
  /// The keys of the batch's events.
  let events: UnsafePointer<Int64>
  /// The number of the first; those of the others follow it.
  let firstID: Int64

  /// Hands over a value. What was handed over is NULL where nothing is.
  static let column: RowTable.Column = {
    memory, index, context, number in
    guard let rows = memory?.assumingMemoryBound(to: NewAttemptRows.self) else { return }
    let row = rows.pointee.attempts + Int(index)
    switch number {
    case 0: sqlite3_result_int64(context, rows.pointee.firstID + index)
    case 1: sqlite3_result_int64(context, rows.pointee.events[row.pointee.event])
    case 2: sqlite3_result_int64(context, row.pointee.webhookKey)
    case 3: sqlite3_result_int64(context, Int64(row.pointee.run))
    case 4: sqlite3_result_int64(context, Int64(row.pointee.number))
    case 5: sqlite3_result_int64(context, Int64(row.pointee.trigger.rawValue))
    case 6: give(context, text: row.pointee.url)
    case 7: sqlite3_result_int64(context, row.pointee.sentAt.nanoseconds)
    case 8: give(context, row.pointee.receivedAt?.nanoseconds)
    case 9: sqlite3_result_int64(context, row.pointee.timings.dns)
    case 10: sqlite3_result_int64(context, row.pointee.timings.connect)
    case 11: sqlite3_result_int64(context, row.pointee.timings.tls)
    case 12: sqlite3_result_int64(context, row.pointee.timings.firstByte)
    case 13: sqlite3_result_int64(context, row.pointee.timings.total)
    case 14: if let address = row.pointee.remoteAddress { give(context, text: address) }
    case 15: sqlite3_result_int64(context, Int64(row.pointee.status))
    case 16: sqlite3_result_int64(context, Int64(row.pointee.outcome.rawValue))
    case 17: give(context, row.pointee.reason.map { Int64($0.code) })
    case 18: give(context, row.pointee.nextAttemptAt?.nanoseconds)
    case 19: row.pointee.response?.headers.withUnsafeBytes { give(context, blob: $0) }
    default: row.pointee.response?.body.withUnsafeBytes { give(context, blob: $0) }
    }
  }
}

/// SQLITE_TRANSIENT: the value is copied.
private let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

private func give(_ context: OpaquePointer?, _ value: Int64?) {
  if let value { sqlite3_result_int64(context, value) }
}

/// Without a copy: the text is the caller's until the statement has ended.
private func give(_ context: OpaquePointer?, text: UnsafeRawBufferPointer) {
  sqlite3_result_text(
    context, text.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(text.count), nil)
}

private func give(_ context: OpaquePointer?, text: borrowing String) {
  func give(_ bytes: UnsafeBufferPointer<UInt8>) {
    bytes.withMemoryRebound(to: CChar.self) {
      sqlite3_result_text(context, $0.baseAddress, CInt($0.count), copied)
    }
  }
  if text.utf8.withContiguousStorageIfAvailable(give) == nil {
    Array(text.utf8).withUnsafeBufferPointer(give)
  }
}

private func give(
  _ context: OpaquePointer?, blob: UnsafeRawBufferPointer, isKept: Bool = false
) {
  guard let start = blob.baseAddress, blob.count > 0 else {
    sqlite3_result_zeroblob(context, 0)
    return
  }
  sqlite3_result_blob(context, start, CInt(blob.count), isKept ? nil : copied)
}
