/// When a failed delivery is tried again, and when no more.
public struct RetryPolicy: Hashable, Sendable {
  /// The delay before the second attempt.
  public var initial: Duration
  /// By what each further delay is longer.
  public var factor: Double
  /// The longest delay, before jitter.
  public var maximumDelay: Duration
  /// How many attempts there are at most.
  public var maximumAttempts: Int
  /// By what share of itself a delay varies, 0…1.
  public var jitter: Double

  /// However many attempts are left, a delivery ends this long after its first.
  public static let maximumAge = Duration.seconds(4 * 86400)

  /// 5 s, three times as long each time up to a day, ±20 %, 13 attempts: three and a half days.
  public static let `default` = RetryPolicy(
    initial: .seconds(5), factor: 3, maximumDelay: .seconds(86400), maximumAttempts: 13, jitter: 0.2
  )

  /// Makes a policy from its parts.
  public init(
    initial: Duration, factor: Double, maximumDelay: Duration, maximumAttempts: Int, jitter: Double
  ) {
    self.initial = initial
    self.factor = factor
    self.maximumDelay = maximumDelay
    self.maximumAttempts = maximumAttempts
    self.jitter = jitter
  }

  /// What follows a failed attempt.
  public enum Decision: Hashable, Sendable {
    /// The next attempt, so much later.
    case retry(after: Duration)
    /// There is none.
    case exhausted
  }

  /// Decides what follows the attempt of that number.
  ///
  /// - Parameters:
  ///   - attempt: the number of the attempt that failed, from 1.
  ///   - retryAfter: what the receiver asked for: the least delay, and jittered upward only.
  public func next(
    afterAttempt attempt: Int, firstAttemptAt: Timestamp, now: Timestamp, retryAfter: Duration?,
    using random: inout SystemRandomNumberGenerator
  ) -> Decision {
    guard attempt < maximumAttempts else { return .exhausted }
    let delay = delay(
      afterAttempt: attempt, retryAfter: retryAfter,
      jitter: Double.random(in: -1...1, using: &random))
    guard now + delay - firstAttemptAt <= Self.maximumAge else { return .exhausted }
    return .retry(after: delay)
  }

  /// The delay before the attempt that follows the one of that number.
  ///
  /// - Parameter jitter: where in the span of the jitter to land, -1…1.
  public func delay(afterAttempt attempt: Int, retryAfter: Duration?, jitter position: Double)
    -> Duration
  {
    var steps = initial
    for _ in 1..<max(1, attempt) {
      steps = min(steps * factor, maximumDelay)
      if steps == maximumDelay { break }
    }
    let base = min(steps, maximumDelay)
    if let retryAfter, retryAfter >= base {
      return retryAfter + retryAfter * (jitter * abs(position) / 4)
    }
    return max(base * (1 + jitter * position), retryAfter ?? .zero)
  }

  /// The time from the first attempt to the end of the last delay, at its longest.
  public var longestSpan: Duration {
    var span = Duration.zero
    for attempt in 1..<max(2, maximumAttempts) {
      span += delay(afterAttempt: attempt, retryAfter: nil, jitter: 1)
      if span >= Self.maximumAge { return Self.maximumAge }
    }
    return span
  }
}
