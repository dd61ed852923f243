public import Hummingbird
import NIOCore

/// What goes with a request through middlewares and handlers.
public struct ServerContext: RequestContext {
  /// What Hummingbird keeps.
  public var coreContext: CoreRequestContextStorage

  /// The address of whoever is at the other end of the connection.
  let remoteAddress: String

  /// Begins with a request.
  public init(source: Source) {
    coreContext = .init(source: source)
    remoteAddress = source.channel.remoteAddress?.ipAddress ?? "local"
  }
}
