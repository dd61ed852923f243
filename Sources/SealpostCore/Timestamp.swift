/// A point in time: nanoseconds since the Unix epoch, UTC.
///
/// A plain integer, so that it costs nothing in rows of the log and headers of messages. The range
/// ends in the year 2262.
public struct Timestamp: Hashable, Comparable, Sendable {
  /// Nanoseconds since 1970-01-01T00:00:00Z.
  public var nanoseconds: Int64

  /// Makes a timestamp from nanoseconds since the epoch.
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// Makes a timestamp from whole seconds since the epoch; saturates beyond the range, since a receiver may
  /// name any date.
  public init(seconds: Int64) {
    let (product, isOver) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    nanoseconds = isOver ? (seconds < 0 ? .min : .max) : product
  }

  /// Whole seconds since the epoch, rounded down.
  public var seconds: Int64 {
    let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return remainder < 0 ? quotient - 1 : quotient
  }

  /// Whether `lhs` is earlier than `rhs`.
  public static func < (lhs: Timestamp, rhs: Timestamp) -> Bool {
    lhs.nanoseconds < rhs.nanoseconds
  }

  /// The timestamp `duration` later; saturates beyond the range.
  public static func + (lhs: Timestamp, duration: Duration) -> Timestamp {
    let (sum, isOver) = lhs.nanoseconds.addingReportingOverflow(duration.nanoseconds)
    return Timestamp(nanoseconds: isOver ? (lhs.nanoseconds < 0 ? .min : .max) : sum)
  }

  /// The time from `rhs` to `lhs`; saturates at 292 years.
  public static func - (lhs: Timestamp, rhs: Timestamp) -> Duration {
    let (difference, isOver) = lhs.nanoseconds.subtractingReportingOverflow(rhs.nanoseconds)
    return .nanoseconds(isOver ? (lhs < rhs ? .min : .max) : difference)
  }
}

extension Duration {
  /// The whole duration in nanoseconds; saturates beyond 292 years.
  public var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    return product &+ attoseconds / 1_000_000_000
  }
}
