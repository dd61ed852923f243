/// Whether a message that may have killed a worker may be tried.
public enum SuspectVerdict: Hashable, Sendable {
  /// The note is written: try it.
  case taken
  /// Another worker wrote one and never took it back: it died trying.
  case leftBehind(worker: String)
}
