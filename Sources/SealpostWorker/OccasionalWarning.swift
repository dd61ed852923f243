import Logging
import SealpostCore

/// Counts what may come in floods, such as rejected messages, and says so at most every ten seconds: a flood
/// must not flood the log. Pure but for the line it writes.
struct OccasionalWarning<Occurrence> {
  private let words: Logger.Message
  private var count = 0
  private var last: Occurrence?
  private var reportedAt = Timestamp(nanoseconds: 0)

  /// - Parameter words: what happened, as the log says it.
  init(_ words: Logger.Message) { self.words = words }

  private static var interval: Duration { .seconds(10) }

  mutating func note(_ occurrence: Occurrence) {
    count += 1
    last = occurrence
  }

  /// - Parameter metadata: what is to be said of the last one, besides how many there were.
  mutating func report(
    to logger: Logger, at now: Timestamp, metadata: (Occurrence) -> Logger.Metadata
  ) {
    guard let last, now - reportedAt >= Self.interval else { return }
    logger.warning(words, metadata: metadata(last).merging(["count": "\(count)"]) { $1 })
    count = 0
    self.last = nil
    reportedAt = now
  }
}
