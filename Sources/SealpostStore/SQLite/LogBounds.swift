import GRDB
import SealpostCore

/// The keys between which rows of the asked time are.
struct LogBounds {
  /// By how much the time of a row may be behind that of one with a smaller key: requests take their time,
  /// and lanes hand over in batches.
  private static let disorder = Duration.seconds(300)

  var oldest: Int64
  var newest: Int64
  /// From this key to the next one below, every row is of the asked time.
  private(set) var surelyFrom: Int64
  private(set) var surelyTo: Int64

  /// Nil where there can be no row.
  init?(_ filter: LogFilter, _ database: Database) throws {
    let ends = try Row.fetchOne(
      database, sql: "SELECT (SELECT min(id) FROM attempts), (SELECT max(id) FROM attempts)")
    guard let ends, let first = ends[0] as Int64?, let last = ends[1] as Int64? else { return nil }
    func key(_ time: Timestamp, plus duration: Duration) throws -> Int64 {
      try Self.first(
        sentAt: Timestamp(nanoseconds: time.nanoseconds &+ duration.nanoseconds), first, last,
        database)
    }
    oldest = first
    newest = last
    surelyFrom = first
    surelyTo = last
    if let window = filter.window {
      oldest = try key(window, plus: .zero)
    }
    if let from = filter.sentFrom {
      oldest = max(oldest, try key(from, plus: .zero - Self.disorder))
      surelyFrom = try key(from, plus: Self.disorder)
    }
    if let before = filter.sentBefore {
      newest = min(last, try key(before, plus: Self.disorder))
      surelyTo = try key(before, plus: .zero - Self.disorder) - 1
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
