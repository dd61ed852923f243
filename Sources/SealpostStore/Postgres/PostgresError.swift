/// What goes wrong between us and a server, by what follows from it.
enum PostgresError: Error {
  /// The connection is gone or was never there, or it is no good any more: another one may do.
  case lost(String)
  /// One side does not trust the other.
  case untrusted(PostgresTrust, words: String)
  /// The server refused a statement. The state is that of PostgreSQL's manual, appendix A.
  case server(state: String, words: String)

  /// Whether the same may succeed at once: on another connection, or when another transaction has ended.
  var isPassing: Bool {
    switch self {
    case .lost: true
    case .untrusted: false
    // Serialization failure and deadlock.
    case .server(let state, _): state == "40001" || state == "40P01"
    }
  }

  /// Why a connection did not come about.
  static func unconnected(_ words: String) -> PostgresError {
    PostgresTrust(words).map { .untrusted($0, words: words) } ?? .lost(words)
  }

  /// The error of a state: some say that the connection must be given up.
  static func of(state: String, words: String) -> PostgresError {
    switch state {
    // Shutting down or starting; no writing here any more, since another server took over.
    case "57P01", "57P02", "57P03", "25006": .lost(words)
    // A statement that was prepared before the schema changed.
    case "0A000" where words.hasPrefix("cached plan"): .lost(words)
    default: state.hasPrefix("08") ? .lost(words) : .server(state: state, words: words)
    }
  }
}

extension StoreError {
  init(_ error: any Error, server: String) {
    switch error {
    case let known as StoreError: self = known
    case PostgresError.lost(let words): self = .unreachable(server: server, words: words)
    case PostgresError.untrusted(let trust, let words):
      self = .untrusted(server: server, words: words, mend: trust.mend)
    case PostgresError.server(let state, let words):
      switch state {
      case "42501": self = .notPermitted(server: server, words: words)
      // Query canceled by its time-out, lock not available, too many connections.
      case "57014", "55P03", "53300": self = .busy(words)
      case "53100": self = .full(words)
      default: self = .failed(words)
      }
    default: self = .failed("\(error)")
    }
  }
}
