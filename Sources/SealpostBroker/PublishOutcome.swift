/// What became of a message that was published.
public enum PublishOutcome: Hashable, Sendable {
  /// The broker has it.
  case confirmed
  /// No queue is bound for it.
  case returned(code: Int, words: String)
  /// The broker could not take it: a queue is full or not available.
  case refused
}
