/// Time-outs and limits of requests.
public struct TransportSettings: Sendable {
  /// The `User-Agent` of every request; the version of HTTP follows it there.
  public var userAgent: String
  /// How long a connection may take, with TLS.
  public var connectTimeout: Duration
  /// How long an attempt may take as a whole.
  public var deliveryTimeout: Duration
  /// How many requests one engine may have in flight.
  public var capacity: Int
  /// The authorities that are trusted, nil for the system's.
  public var authorities: TrustedAuthorities?
  /// The proxy that every request goes through, nil for none.
  public var proxy: EgressProxy?
  /// The largest head of an answer that is read, in bytes.
  public var maximumHeadBytes: Int
  /// The largest body of an answer that is read, in bytes.
  public var maximumBodyBytes: Int
  /// How much of head and body of a failed answer is kept, in bytes each.
  public var excerptBytes: Int

  /// Makes settings with the defaults of the program.
  public init(
    userAgent: String, connectTimeout: Duration = .seconds(5),
    deliveryTimeout: Duration = .seconds(15),
    capacity: Int = 512, authorities: TrustedAuthorities? = nil, proxy: EgressProxy? = nil,
    maximumHeadBytes: Int = 64 << 10,
    maximumBodyBytes: Int = 1 << 20, excerptBytes: Int = 4096
  ) {
    self.userAgent = userAgent
    self.connectTimeout = connectTimeout
    self.deliveryTimeout = deliveryTimeout
    self.capacity = capacity
    self.authorities = authorities
    self.proxy = proxy
    self.maximumHeadBytes = maximumHeadBytes
    self.maximumBodyBytes = maximumBodyBytes
    self.excerptBytes = excerptBytes
  }
}
