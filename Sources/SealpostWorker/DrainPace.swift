/// How fast the rows of one webhook leave the backlog: one at first, and four times as many with each step
/// while none comes back; one again, after a longer pause, when some did. So a webhook that is still down
/// costs next to nothing, and one that is up again has its rows soon.
///
/// Pure. Times are nanoseconds of the monotonic clock.
struct DrainPace {
  private static let largestBatch = 2000
  private static let step: Int64 = 500_000_000
  private static let pauses: ClosedRange<Int64> = 5_000_000_000...20_000_000_000

  private var batch = 1
  private var pause = pauses.lowerBound
  private var nextAt: Int64?
  private var newest: Int64 = 0

  /// How many rows may leave now; nil for none.
  ///
  /// - Parameter newest: the key of the newest row that waits: a higher one than last time came since.
  mutating func rows(newest: Int64, now: Int64) -> Int? {
    if let nextAt {
      guard now >= nextAt else { return nil }
      if newest > self.newest {
        batch = 1
        pause = min(pause * 2, Self.pauses.upperBound)
      } else {
        batch = min(batch * 4, Self.largestBatch)
        pause = Self.pauses.lowerBound
      }
    }
    self.newest = newest
    nextAt = now + (batch == 1 ? pause : Self.step)
    return batch
  }
}
