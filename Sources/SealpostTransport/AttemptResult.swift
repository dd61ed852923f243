public import SealpostCore

/// What came of a request. Its memory is the engine's and good only while the result is handed over.
public struct AttemptResult {
  /// The status code, 0 where no status line and headers were read.
  public let status: Int
  /// What went wrong, nil where the status tells.
  public let failure: AttemptReason?
  /// How long it took.
  public let timings: AttemptTimings
  /// The address that answered, or was dialled last; nil where none was, and through a proxy.
  public let remoteAddress: String?
  /// The value of `Retry-After`.
  public let retryAfter: UnsafeRawBufferPointer?
  /// The beginning of the answer's head, status line first. Empty for 2xx.
  public let responseHeaders: UnsafeRawBufferPointer
  /// The beginning of the answer's body. Empty for 2xx.
  public let responseBody: UnsafeRawBufferPointer
}
