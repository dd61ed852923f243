import GRDB
internal import GRDBSQLite
import SealpostCore

extension Database {
  /// Steps of SQLite's machine between two looks at what is left.
  private static let stride: Int32 = 4096
  /// What looking at one row takes, about.
  private static let stepsPerRow = 24

  /// Does the work of a question; throws `tooMuchWork` where it takes more than it may
  /// (sqlite3_progress_handler).
  func limited<T>(to effort: QueryEffort, _ work: () throws -> T) throws -> T {
    guard let connection = sqliteConnection else {
      throw StoreError.failed("the connection is closed")
    }
    let left = UnsafeMutablePointer<EffortLeft>.allocate(capacity: 1)
    left.initialize(
      to: EffortLeft(
        deadline: MonotonicTime.nanoseconds() + effort.time.nanoseconds,
        looks: effort.rows.map { $0 * Self.stepsPerRow / Int(Self.stride) + 1 } ?? .max))
    defer {
      sqlite3_progress_handler(connection, 0, nil, nil)
      left.deallocate()
    }
    sqlite3_progress_handler(
      connection, Self.stride,
      { context in
        guard let left = context?.assumingMemoryBound(to: EffortLeft.self) else { return 0 }
        left.pointee.looks -= 1
        return left.pointee.looks < 0 || MonotonicTime.nanoseconds() > left.pointee.deadline ? 1 : 0
      }, left)
    do {
      return try work()
    } catch let error as DatabaseError where error.resultCode == .SQLITE_INTERRUPT {
      throw StoreError.tooMuchWork
    }
  }
}

private struct EffortLeft {
  let deadline: Int64
  var looks: Int
}
