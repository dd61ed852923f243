import SealpostCore

/// How much time is left for a question.
struct PostgresTimeLimit {
  fileprivate let deadline: Int64

  /// Between two statements: throws where the time is over.
  func check() throws {
    guard MonotonicTime.nanoseconds() < deadline else { throw StoreError.tooMuchWork }
  }
}

extension PostgresConnection {
  /// Does the work of a question, in a transaction that only reads; throws `tooMuchWork` where it takes
  /// longer than it may.
  func limited<T>(to time: Duration, _ work: (PostgresTimeLimit) throws -> T) throws -> T {
    let limit = PostgresTimeLimit(deadline: MonotonicTime.nanoseconds() + time.nanoseconds)
    let milliseconds = max(1, time.nanoseconds / 1_000_000)
    do {
      _ = try pipeline([
        PostgresStatement("BEGIN READ ONLY"),
        PostgresStatement(
          "SELECT set_config('statement_timeout', $1, TRUE)", ["\(milliseconds)"]),
      ])
      let found = try work(limit)
      try query("COMMIT")
      return found
    } catch PostgresError.server(let state, _) where state == "57014" {
      throw StoreError.tooMuchWork
    }
  }
}
