/// What an attempt, or a delivery that ended without one, came to.
///
/// The raw value is what the log stores; the name is what people and machines read.
public enum AttemptOutcome: Int, Sendable, CaseIterable {
  /// The receiver answered 2xx. An end.
  case delivered = 1
  /// It failed and will be tried again.
  case retry = 2
  /// The receiver answered 410. An end.
  case gone = 3
  /// The egress policy forbids the address. An end.
  case blocked = 4
  /// The webhook was deleted. An end.
  case discarded = 5
  /// It failed and its attempts or its four days are used up. An end, kept in the backlog.
  case exhausted = 6
  /// It waited in the backlog for too long, or there were too many. An end.
  case expired = 7

  /// The stable text: in filters, JSON and metrics.
  public var name: String {
    switch self {
    case .delivered: "delivered"
    case .retry: "retry"
    case .gone: "gone"
    case .blocked: "blocked"
    case .discarded: "discarded"
    case .exhausted: "exhausted"
    case .expired: "expired"
    }
  }

  /// The outcome of that name, or nil.
  public init?(name: String) {
    guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }
}
