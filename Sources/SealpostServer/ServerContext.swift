public import Hummingbird

/// What goes with a request through middlewares and handlers.
public struct ServerContext: RequestContext {
  /// What Hummingbird keeps.
  public var coreContext: CoreRequestContextStorage

  /// Begins with a request.
  public init(source: Source) { coreContext = .init(source: source) }
}
