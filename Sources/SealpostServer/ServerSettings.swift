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

  /// Makes settings from their parts.
  public init(host: String, port: Int, requestsPerMinute: Int = 600, metricsToken: String? = nil) {
    self.host = host
    self.port = port
    self.requestsPerMinute = requestsPerMinute
    self.metricsToken = metricsToken
  }
}
