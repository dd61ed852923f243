public import SealpostCore
import Synchronization

/// Counts what each of many does within a span of time, in memory. Any thread.
public final class RateLimiter: Sendable {
  /// What is left of an allowance.
  public struct Allowance: Hashable, Sendable {
    /// Whether this one is within it.
    public var isGranted: Bool
    /// How many are left in this span.
    public var remaining: Int
    /// When the next span begins, in whole seconds since the epoch.
    public var resetsAt: Int64
  }

  private struct Count {
    var span: Int64
    var used: Int
  }

  private let seconds: Int64
  private let counts = Mutex<[String: Count]>([:])

  /// Makes a limiter.
  ///
  /// - Parameter seconds: how long a span is.
  public init(seconds: Int64 = 1) { self.seconds = seconds }

  /// Whether nothing is left of one's limit in this span. Counts nothing.
  public func isUsedUp(_ limit: Int, for key: String, now: Timestamp = .now()) -> Bool {
    let span = now.seconds / seconds
    return counts.withLock { counts in
      counts[key].map { $0.span == span && $0.used >= limit } ?? false
    }
  }

  /// Counts so many for one, and tells whether that is within its limit.
  public func take(_ amount: Int = 1, of limit: Int, for key: String, now: Timestamp = .now())
    -> Allowance
  {
    let span = now.seconds / seconds
    let used = counts.withLock { counts in
      // Those of the past say nothing any more.
      if counts.count > 10_000 { counts = counts.filter { $0.value.span == span } }
      var count = counts[key] ?? Count(span: span, used: 0)
      if count.span != span { count = Count(span: span, used: 0) }
      let isGranted = count.used + amount <= limit || (count.used == 0 && amount > limit)
      if isGranted { count.used += amount }
      counts[key] = count
      return isGranted ? count.used : nil
    }
    let left = used.map { max(0, limit - $0) }
    return Allowance(
      isGranted: left != nil, remaining: left ?? 0, resetsAt: (span + 1) * seconds)
  }
}
