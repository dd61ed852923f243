/// Why an attempt was made.
public enum AttemptTrigger: Int, Sendable, CaseIterable {
  /// The event came in.
  case event = 1
  /// An earlier attempt of the same run failed.
  case retry = 2
  /// A person asked for it to be sent again.
  case manual = 3
  /// It is one of many that a person asked for.
  case replay = 4
  /// A person tried the webhook with a sample.
  case test = 5

  /// Whether a person asked for it: then a suspended webhook is tried as well.
  public var isAskedFor: Bool {
    switch self {
    case .event, .retry: false
    case .manual, .replay, .test: true
    }
  }

  /// The stable text: in filters, JSON and headers of messages.
  public var name: String {
    switch self {
    case .event: "event"
    case .retry: "retry"
    case .manual: "manual"
    case .replay: "replay"
    case .test: "test"
    }
  }

  /// The trigger of that name, or nil.
  public init?(name: String) {
    guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }
}
