/// What an answer, or the lack of one, means for a delivery.
public struct AttemptJudgement: Hashable, Sendable {
  /// What follows.
  public enum Kind: Hashable, Sendable {
    /// It is delivered.
    case delivered
    /// The webhook is gone.
    case gone
    /// The address may not be reached, or not without TLS.
    case blocked
    /// It is tried again; an answer that `mayWait` sets the earliest time by its `Retry-After`.
    case retry(mayWait: Bool)
  }

  /// What follows.
  public let kind: Kind
  /// Why, for all but delivered.
  public let reason: AttemptReason?

  /// Judges an attempt.
  ///
  /// - Parameters:
  ///   - status: the status code of the answer, 0 where none was read.
  ///   - failure: what went wrong besides, nil where status line and headers were read. A 2xx whose
  ///     body breaks afterwards counts as delivered: the receiver has the event.
  public static func judge(status: Int, failure: AttemptReason?) -> AttemptJudgement {
    if failure == .blockedAddress || failure == .httpsRequired {
      return AttemptJudgement(kind: .blocked, reason: failure)
    }
    if let failure { return AttemptJudgement(kind: .retry(mayWait: false), reason: failure) }
    switch status {
    case 200...299: return AttemptJudgement(kind: .delivered, reason: nil)
    case 410: return AttemptJudgement(kind: .gone, reason: .http(410))
    case 429, 502, 503, 504:
      return AttemptJudgement(kind: .retry(mayWait: true), reason: .http(status))
    default:
      return AttemptJudgement(
        kind: .retry(mayWait: false), reason: status == 0 ? .emptyResponse : .http(status))
    }
  }
}
