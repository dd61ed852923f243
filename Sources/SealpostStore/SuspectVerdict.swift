/// Whether a message that may have killed a worker may be tried.
public enum SuspectVerdict: Hashable, Sendable {
  /// The note is written: try it.
  case taken
  /// Another worker wrote one and never took it back: it died with this one and others under way. Try it alone.
  case mustBeAlone
  /// Another worker wrote one and never took it back: it died trying this one alone.
  case leftBehind(worker: String)

  /// What a note says, after `worker` asked to take it.
  init(noted: String, isAlone: Bool, worker: String) {
    self = noted == worker ? .taken : isAlone ? .leftBehind(worker: noted) : .mustBeAlone
  }
}
