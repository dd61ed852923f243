import Foundation
import GRDB
import SealpostCore

/// A question to the event log, turned into the keys of its rows: first only numbers are read, as far as
/// possible from indexes, then the few rows that are shown.
struct LogQuery {
  /// Rows of the log under one key of the index by webhook: 2^16 of them. Their entries stand together, so
  /// the index grows at its end, and the rows of a webhook are found chunk by chunk.
  static let chunkBits: Int64 = 16
  private let filter: LogFilter
  private let webhooks: [Int64]?
  private let events: [Int64]?
  private let oldest: Int64
  private let newest: Int64

  /// Resolves what the filter names; nil where there can be no row.
  init?(_ filter: LogFilter, _ hash: EventHash, _ database: Database) throws {
    self.filter = filter
    guard let bounds = try Bounds(filter, database) else { return nil }
    oldest = bounds.oldest
    newest = bounds.newest
    webhooks =
      if let webhook = filter.webhook {
        try Int64.fetchAll(
          database,
          sql: "SELECT key FROM webhooks WHERE id = ?1 AND account = coalesce(?2, account)",
          arguments: [webhook, filter.account])
      } else if let account = filter.account {
        try Int64.fetchAll(
          database, sql: "SELECT key FROM webhooks WHERE account = ?", arguments: [account])
      } else {
        nil
      }
    events = try filter.event.map { event in
      try Self.events(event, account: filter.account, hash, database)
    }
    if webhooks?.isEmpty == true || events?.isEmpty == true { return nil }
  }

  /// The rows of one webhook up to a row; nil where there are none.
  init?(_ filter: LogFilter, webhook: Int64, newest limit: Int64, _ database: Database) throws {
    guard let bounds = try Bounds(filter, database), bounds.oldest <= min(bounds.newest, limit)
    else {
      return nil
    }
    self.filter = filter
    oldest = bounds.oldest
    newest = min(bounds.newest, limit)
    webhooks = [webhook]
    events = nil
  }

  /// The keys of the rows.
  func ids(_ database: Database) throws -> [Int64] {
    let wanted = filter.offset + filter.limit
    var found: [Int64] = []
    if webhooks != nil, events == nil {
      let first = oldest >> Self.chunkBits
      let last = newest >> Self.chunkBits
      for step in 0...(last - first) where found.count < wanted {
        found += try ids(
          in: filter.isAscending ? first + step : last - step, limit: wanted - found.count, database
        )
      }
    } else {
      found = try ids(in: nil, limit: wanted, database)
    }
    return Array(found.dropFirst(filter.offset))
  }

  private func ids(in chunk: Int64?, limit: Int, _ database: Database) throws -> [Int64] {
    var conditions = ["a.id BETWEEN ? AND ?"]
    var arguments: StatementArguments = [oldest, newest]
    func add(_ condition: String, _ values: (any DatabaseValueConvertible)?...) {
      conditions.append(condition)
      arguments += StatementArguments(values)
    }
    if let chunk { add("a.id >> \(Self.chunkBits) = ?", chunk) }
    if let webhooks { conditions.append("a.webhook IN (\(Self.list(webhooks)))") }
    if let events { conditions.append("a.event IN (\(Self.list(events)))") }
    if let name = filter.eventName {
      add("(SELECT name FROM events WHERE key = a.event) = ?", name)
    }
    if let outcome = filter.outcome { add("a.outcome = ?", outcome.rawValue) }
    if let reason = filter.reason { add("a.reason = ?", reason.code) }
    if let trigger = filter.trigger { add("a.trigger = ?", trigger.rawValue) }
    if let status = filter.status {
      add("a.status BETWEEN ? AND ?", status.lowerBound, status.upperBound)
    }
    if let status = filter.otherStatus { add("a.status <> ?", status) }
    if let from = filter.sentFrom { add("a.sent_at >= ?", from.nanoseconds) }
    if let before = filter.sentBefore { add("a.sent_at < ?", before.nanoseconds) }
    arguments += [limit]
    return try Int64.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT a.id FROM attempts a WHERE \(conditions.joined(separator: " AND "))
          ORDER BY a.id \(filter.isAscending ? "ASC" : "DESC") LIMIT ?
          """), arguments: arguments)
  }

  /// The keys of the events of that identity. Their hashes are read, whose upper part is their time and
  /// whose lower part tells most of them apart.
  private static func events(
    _ id: String, account: String?, _ hash: EventHash, _ database: Database
  ) throws -> [Int64] {
    guard let account else {
      return try Int64.fetchAll(
        database, sql: "SELECT key FROM events WHERE id = ?", arguments: [id])
    }
    let part = Array(account.utf8).withUnsafeBytes { account in
      Array(id.utf8).withUnsafeBytes { hash.make(account, $0, Timestamp(nanoseconds: 0)) }
    }
    let candidates = try Int64.fetchAll(
      database, sql: "SELECT key FROM events WHERE hash & \(EventHash.identityMask) = ?",
      arguments: [part & EventHash.identityMask])
    return try Int64.fetchAll(
      database,
      sql: """
        SELECT key FROM events WHERE key IN (\(list(candidates))) AND account = ? AND id = ?
        """, arguments: [account, id])
  }

  private static func list(_ keys: [Int64]) -> String {
    keys.map(String.init).joined(separator: ",")
  }
}

/// The keys between which rows of the asked time are.
private struct Bounds {
  /// By how much the time of a row may be behind that of one with a smaller key: requests take their time,
  /// and lanes hand over in batches.
  private static let disorder = Duration.seconds(300)

  var oldest: Int64
  var newest: Int64

  /// Nil where there can be no row.
  init?(_ filter: LogFilter, _ database: Database) throws {
    let ends = try Row.fetchOne(
      database, sql: "SELECT (SELECT min(id) FROM attempts), (SELECT max(id) FROM attempts)")
    guard let ends, let first = ends[0] as Int64?, let last = ends[1] as Int64? else { return nil }
    oldest = first
    newest = last
    if let from = filter.sentFrom {
      let time = Timestamp(nanoseconds: from.nanoseconds - Self.disorder.nanoseconds)
      oldest = try Self.first(sentAt: time, first, last, database)
    }
    if let before = filter.sentBefore {
      newest = min(last, try Self.first(sentAt: before + Self.disorder, first, last, database))
    }
    if let after = filter.after {
      if filter.isAscending {
        oldest = max(oldest, after + 1)
      } else {
        newest = min(newest, after - 1)
      }
    }
    guard oldest <= newest else { return nil }
  }

  /// The first row that was sent at a time or later, by halving: rows rise in time with their keys.
  private static func first(
    sentAt time: Timestamp, _ oldest: Int64, _ newest: Int64, _ database: Database
  ) throws -> Int64 {
    let statement = try database.cachedStatement(
      sql: "SELECT sent_at FROM attempts WHERE id >= ? ORDER BY id LIMIT 1")
    var low = oldest
    var high = newest + 1
    while low < high {
      let middle = low + (high - low) / 2
      let sentAt = try Int64.fetchOne(statement, arguments: [middle])
      if sentAt ?? .max < time.nanoseconds { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
