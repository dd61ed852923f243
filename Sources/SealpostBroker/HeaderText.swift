/// A header that ought to be text.
public enum HeaderText {
  /// It is not there.
  case absent
  /// Its bytes, in the memory of the message.
  case text(UnsafeRawBufferPointer)
  /// It is there, but no text.
  case wrongType
}
