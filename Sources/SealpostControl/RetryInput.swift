/// What somebody wants a webhook's retry policy to be. All nil goes back to the operator's.
public struct RetryInput: Sendable, Equatable {
  /// The delay before the second attempt, in seconds.
  public var initialSeconds: Double?
  /// By what each further delay is longer.
  public var factor: Double?
  /// The longest delay, in seconds.
  public var maximumSeconds: Double?
  /// How many attempts there are at most.
  public var maximumAttempts: Int?

  /// Back to the operator's.
  public init() {}
}
