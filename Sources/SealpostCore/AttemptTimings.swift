/// How long the parts of one request took, each counted from its start, in microseconds.
///
/// Zero where a part did not happen: a reused connection has no look-up, connect or handshake.
public struct AttemptTimings: Sendable, Equatable {
  /// Until the name was resolved.
  public var dns: Int64
  /// Until the TCP connection stood.
  public var connect: Int64
  /// Until the TLS handshake was done.
  public var tls: Int64
  /// Until the first byte of the answer.
  public var firstByte: Int64
  /// Until the end.
  public var total: Int64

  /// Makes timings from their parts, in microseconds.
  public init(
    dns: Int64 = 0, connect: Int64 = 0, tls: Int64 = 0, firstByte: Int64 = 0, total: Int64 = 0
  ) {
    self.dns = dns
    self.connect = connect
    self.tls = tls
    self.firstByte = firstByte
    self.total = total
  }
}
