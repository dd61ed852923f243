/// What can fail in the transport besides the requests themselves.
public enum TransportError: Error, Hashable, Sendable {
  /// A system call failed; its name and `errno`.
  case system(String, code: Int32)
  /// libcurl could not be set up.
  case setUp(String)
  /// libcurl does not take a URL that we took.
  case badURL(code: Int)

  /// What is wrong, for people.
  public var sentence: String {
    switch self {
    case .system(let call, let code): "\(call) failed with error \(code)."
    case .setUp(let what): "libcurl could not be set up: \(what)."
    case .badURL(let code): "libcurl does not accept the webhook's URL (CURLUcode \(code))."
    }
  }
}
