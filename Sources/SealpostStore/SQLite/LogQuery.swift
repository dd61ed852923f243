import Foundation
import GRDB
import SealpostCore

/// A question to the event log, turned into the keys of its rows: first only numbers are read, as far as
/// possible from indexes, then the few rows that are shown.
struct LogQuery {
  /// The log in spans of 2^10 rows: `attempt_spans` tells in which of them a webhook has rows. An index with an
  /// entry for each row would cost as much as the row.
  static let spanBits: Int64 = 10
  /// With more webhooks than this a span's webhooks are read, instead of each being looked for.
  private static let fewWebhooks = 64
  /// What is not the first attempt of an event that delivered at once: few rows, with an index of their own
  /// in which the entries of 2^16 rows stand together.
  private static let exception = "(a.outcome <> 1 OR a.trigger <> 1)"
  private static let chunkBits: Int64 = 16

  /// Where rows are looked for.
  private enum Piece {
    case all
    /// 2^16 rows, in the index of exceptions.
    case chunk(Int64)
    case span(Int64)
  }

  private let filter: LogFilter
  private let webhooks: [Int64]?
  private let events: [Int64]?
  private let bounds: LogBounds

  /// Resolves what the filter names; nil where there can be no row.
  init?(_ filter: LogFilter, _ hash: EventHash, _ database: Database) throws {
    guard let bounds = try LogBounds(filter, database) else { return nil }
    self.filter = filter
    self.bounds = bounds
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
  init?(_ filter: LogFilter, webhook: Int64, newest: Int64, _ database: Database) throws {
    guard var bounds = try LogBounds(filter, database), bounds.oldest <= newest else { return nil }
    bounds.newest = min(bounds.newest, newest)
    self.filter = filter
    self.bounds = bounds
    webhooks = [webhook]
    events = nil
  }

  /// The keys of the rows, as far as the filter's effort allows.
  func ids(_ database: Database) throws -> [Int64] {
    try database.limited(to: effort) {
      let wanted = filter.offset + filter.limit
      var found: [Int64] = []
      func search(_ piece: Piece) throws {
        found += try ids(in: piece, limit: wanted - found.count, database)
      }
      if events == nil, isOfExceptions {
        let first = bounds.oldest >> Self.chunkBits
        let last = bounds.newest >> Self.chunkBits
        for step in 0...(last - first) where found.count < wanted {
          try search(.chunk(filter.isAscending ? first + step : last - step))
        }
      } else if events == nil, let webhooks {
        let spans = try spans(of: webhooks, database)
        while found.count < wanted, let span = try spans.next() {
          try search(.span(span))
        }
      } else {
        try search(.all)
      }
      return Array(found.dropFirst(filter.offset))
    }
  }

  /// The spans in which any of the webhooks has rows, one after the other as they are asked for.
  private func spans(of webhooks: [Int64], _ database: Database) throws -> DatabaseValueCursor<
    Int64
  > {
    let first = bounds.oldest >> Self.spanBits
    let last = bounds.newest >> Self.spanBits
    let (start, end, next) = filter.isAscending ? (first, last, "+ 1") : (last, first, "- 1")
    let column = webhooks.count > Self.fewWebhooks ? "+s.webhook" : "s.webhook"
    return try Int64.fetchCursor(
      database.cachedStatement(
        sql: """
          WITH RECURSIVE spans (span) AS (
            VALUES (?1) UNION ALL SELECT span \(next) FROM spans WHERE span <> ?2)
          SELECT span FROM spans WHERE EXISTS (SELECT 1 FROM attempt_spans s
            WHERE s.span = spans.span AND \(column) IN (\(Self.list(webhooks))))
          """), arguments: [start, end])
  }

  /// Rows that are looked up one by one cost several times as much as rows that stand in a row.
  private var effort: QueryEffort {
    var effort = filter.effort
    let looksUp = webhooks != nil && filter.hasRowConditions && !isOfExceptions
    if looksUp || filter.eventName != nil { effort.rows = effort.rows.map { $0 / 16 } }
    return effort
  }

  /// Whether no first attempt that delivered can match.
  private var isOfExceptions: Bool {
    if let outcome = filter.outcome, outcome != .delivered { return true }
    if let trigger = filter.trigger, trigger != .event { return true }
    return filter.reason != nil || filter.status.map { !$0.overlaps(200...299) } ?? false
  }

  private func ids(in piece: Piece, limit: Int, _ database: Database) throws -> [Int64] {
    var table = "attempts a"
    var conditions = ["a.id BETWEEN ? AND ?"]
    var arguments: StatementArguments = [bounds.oldest, bounds.newest]
    func add(_ condition: String, _ values: (any DatabaseValueConvertible)?...) {
      conditions.append(condition)
      arguments += StatementArguments(values)
    }
    switch piece {
    case .all: break
    case .chunk(let chunk):
      table += " INDEXED BY attempts_exceptions"
      conditions.append(Self.exception)
      add("a.id >> \(Self.chunkBits) = ?", chunk)
    case .span(let span):
      add("a.id BETWEEN ? AND ?", span << Self.spanBits, (span + 1) << Self.spanBits - 1)
    }
    if let webhooks { conditions.append("a.webhook IN (\(Self.list(webhooks)))") }
    if let events { conditions.append("a.event IN (\(Self.list(events)))") }
    if let outcome = filter.outcome { add("a.outcome = ?", outcome.rawValue) }
    if let reason = filter.reason { add("a.reason = ?", reason.code) }
    if let trigger = filter.trigger { add("a.trigger = ?", trigger.rawValue) }
    if let status = filter.status {
      add("a.status BETWEEN ? AND ?", status.lowerBound, status.upperBound)
    }
    if let status = filter.otherStatus { add("a.status <> ?", status) }
    if let name = filter.eventName {
      add("(SELECT name FROM events WHERE key = a.event) = ?", name)
    }
    if filter.sentFrom != nil || filter.sentBefore != nil {
      // The time is read only of rows near the ends.
      add(
        "(a.id BETWEEN ? AND ? OR a.sent_at >= ? AND a.sent_at < ?)", bounds.surelyFrom,
        bounds.surelyTo, filter.sentFrom?.nanoseconds ?? .min,
        filter.sentBefore?.nanoseconds ?? .max
      )
    }
    arguments += [limit]
    return try Int64.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT a.id FROM \(table) WHERE \(conditions.joined(separator: " AND "))
          ORDER BY a.id \(filter.isAscending ? "ASC" : "DESC") LIMIT ?
          """), arguments: arguments)
  }

  /// The keys of the events of that identity. Their hashes are read, all of them, whose lower part tells most
  /// events apart: a few times ten milliseconds for a million, and no index more to keep.
  private static func events(
    _ id: String, account: String?, _ hash: EventHash, _ database: Database
  ) throws -> [Int64] {
    let accounts =
      try account.map { [$0] }
      ?? String.fetchAll(database, sql: "SELECT DISTINCT account FROM webhooks")
    let parts = accounts.map { account in
      Array(account.utf8).withUnsafeBytes { account in
        Array(id.utf8).withUnsafeBytes { hash.make(account, $0, Timestamp(nanoseconds: 0)) }
      } & EventHash.identityMask
    }
    let condition = parts.count == 1 ? "= \(parts[0])" : "IN (\(list(parts)))"
    let candidates = try Int64.fetchAll(
      database,
      sql: "SELECT key FROM events WHERE hash & \(EventHash.identityMask) \(condition)")
    return try Int64.fetchAll(
      database,
      sql: """
        SELECT key FROM events WHERE key IN (\(list(candidates))) AND id = ?1
          AND account = coalesce(?2, account)
        """, arguments: [id, account])
  }

  private static func list(_ keys: [Int64]) -> String {
    keys.map(String.init).joined(separator: ",")
  }
}

extension LogFilter {
  /// Whether rows must be read to know whether they match.
  fileprivate var hasRowConditions: Bool {
    outcome != nil || reason != nil || trigger != nil || status != nil || otherStatus != nil
  }
}
