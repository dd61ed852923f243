import SealpostCore
import Testing

@Suite struct RetryTests {
  let start = Timestamp(seconds: 1_800_000_000)

  @Test func delaysGrowThreefoldToADay() {
    let policy = RetryPolicy.default
    let delays = (1...12).map { policy.delay(afterAttempt: $0, retryAfter: nil, jitter: 0) }
    let expected: [Double] = [5, 15, 45, 135, 405, 1215, 3645, 10935, 32805, 86400, 86400, 86400]
    for (delay, seconds) in zip(delays, expected) {
      #expect(abs((delay - .seconds(seconds)).nanoseconds) < 1000)
    }
  }

  @Test func jitterStaysWithinItsShare() {
    var policy = RetryPolicy.default
    policy.jitter = 0.2
    #expect(policy.delay(afterAttempt: 1, retryAfter: nil, jitter: -1) == .seconds(4))
    #expect(policy.delay(afterAttempt: 1, retryAfter: nil, jitter: 1) == .seconds(6))
  }

  @Test(arguments: [-1.0, -0.3, 0, 0.5, 1])
  func retryAfterIsNeverUndercut(position: Double) {
    for seconds in [0, 3, 4, 5, 6, 60, 86400] {
      for attempt in 1...12 {
        let delay = RetryPolicy.default.delay(
          afterAttempt: attempt, retryAfter: .seconds(seconds), jitter: position)
        #expect(delay >= .seconds(seconds))
      }
    }
  }

  @Test func endsAfterTheLastAttemptAndAfterFourDays() {
    var random = SystemRandomNumberGenerator()
    let policy = RetryPolicy.default
    func next(_ attempt: Int, _ age: Duration) -> RetryPolicy.Decision {
      policy.next(
        afterAttempt: attempt, firstAttemptAt: start, now: start + age, retryAfter: nil,
        using: &random)
    }
    #expect(next(13, .seconds(60)) == .exhausted)
    #expect(next(2, .seconds(4 * 86400)) == .exhausted)
    guard case .retry(let delay) = next(1, .zero) else {
      Issue.record("the first failure is retried")
      return
    }
    #expect(delay >= .seconds(4) && delay <= .seconds(6))
    #expect(policy.longestSpan == RetryPolicy.maximumAge)
  }

  @Test(arguments: [
    ("3", Duration.seconds(3)), ("  120", .seconds(120)), ("0", .zero),
    ("99999999999999999999999", .seconds(86400)), ("100000", .seconds(86400)),
    ("Fri, 15 Jan 2027 08:00:30 GMT", .seconds(30)),
    ("Friday, 15-Jan-27 08:00:30 GMT", .seconds(30)),
    ("Fri Jan 15 08:00:30 2027", .seconds(30)), ("Sun, 06 Nov 1994 08:49:37 GMT", .zero),
  ])
  func readsSecondsAndDates(value: String, expected: Duration) {
    #expect(parse(value) == expected)
  }

  @Test(arguments: [
    "", "-1", "+3", "3.5", "soon", "3 seconds", "Fri, 32 Jan 2027 08:00:30 GMT",
    "Fri, 15 Jan 2027 25:00:30 GMT", "Fri, 15 Jan 2027 08:00:30 CET", "0x10", "٣",
  ])
  func ignoresJunk(value: String) {
    #expect(parse(value) == nil)
  }

  /// Nanoseconds in 64 bits end in 2262; a receiver may name any year.
  @Test(arguments: [
    ("Fri, 31 Dec 9999 23:59:59 GMT", RetryAfter.maximum),
    ("Sun Nov  6 08:49:37 3994", RetryAfter.maximum),
    ("Sat, 01 Jan 2263 00:00:00 GMT", RetryAfter.maximum), ("Mon, 01 Jan 0001 00:00:00 GMT", .zero),
    ("Sun Jan  1 00:00:00 0000", .zero),
  ])
  func bearsDatesThatNoTimestampHolds(value: String, wait: Duration) {
    #expect(parse(value) == wait)
  }

  private func parse(_ value: String) -> Duration? {
    Array(value.utf8).withUnsafeBytes { RetryAfter.parse($0, now: start) }
  }

  @Test func answersAreJudgedByTheTable() {
    for status in 100...999 {
      let judgement = AttemptJudgement.judge(status: status, failure: nil)
      switch status {
      case 200...299: #expect(judgement.kind == .delivered && judgement.reason == nil)
      case 410: #expect(judgement.kind == .gone)
      case 429, 502, 503, 504: #expect(judgement.kind == .retry(mayWait: true))
      default: #expect(judgement.kind == .retry(mayWait: false))
      }
      if status > 299 { #expect(judgement.reason?.id == "http_\(status)") }
    }
    #expect(AttemptJudgement.judge(status: 0, failure: .blockedAddress).kind == .blocked)
    #expect(
      AttemptJudgement.judge(status: 503, failure: .responseTooLarge)
        == AttemptJudgement.judge(status: 0, failure: .responseTooLarge))
    #expect(AttemptReason(code: 1001)?.id == "dns_not_found")
    #expect(AttemptReason(code: 0) == nil && AttemptReason(code: 5000) == nil)
  }
}
