/// What became of an attempt's row.
public enum RecordVerdict: Hashable, Sendable {
  /// It is in the log.
  case inserted
  /// The log had this attempt of this delivery already: whoever asks is the second copy.
  case duplicate
}
