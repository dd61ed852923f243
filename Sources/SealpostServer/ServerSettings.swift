/// Where the HTTP side listens, and what it allows.
public struct ServerSettings: Sendable {
  /// The host or address.
  public var host: String
  /// The port.
  public var port: Int
  /// How many requests a minute one token may make.
  public var requestsPerMinute: Int
  /// What a scrape of the metrics must bring; nil where anybody may.
  public var metricsToken: String?
  /// How long a client may take to send a request, and to take its answer, and how long it may be silent.
  public var patience: Duration
  /// What TLS needs; nil for plain HTTP.
  public var tls: ServerTLS?

  /// How many sign-ins with a token that is none one address may make in a minute, for one token's public part.
  var failuresPerToken: Int { max(5, requestsPerMinute / 20) }
  /// The same for all tokens.
  var failuresPerAddress: Int { max(20, requestsPerMinute / 4) }

  /// Makes settings from their parts.
  public init(
    host: String, port: Int, requestsPerMinute: Int = 600, metricsToken: String? = nil,
    patience: Duration = .seconds(30), tls: ServerTLS? = nil
  ) {
    self.host = host
    self.port = port
    self.requestsPerMinute = requestsPerMinute
    self.metricsToken = metricsToken
    self.patience = patience
    self.tls = tls
  }
}
