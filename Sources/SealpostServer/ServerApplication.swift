import Hummingbird
import HummingbirdCore
import HummingbirdTLS
public import Logging
import NIOCore
public import SealpostControl
public import SealpostMonitoring
public import ServiceLifecycle

/// The HTTP side of a process.
public enum ServerApplication {
  /// More wait until others end: a flood of connections takes no more descriptors from the lanes than that.
  private static let mostConnections = 1000
  private static let mostHeaderBytes = 32 << 10
  private static let mostHeaders = 100

  /// A server to be run as a service: what watches the process, and with a control plane the API and the
  /// portal.
  ///
  /// - Parameter monitored: the parts of the process, for `/metrics` and `/readyz`.
  public static func build(
    settings: ServerSettings, control: ControlPlane?, monitored: [any Monitored], logger: Logger
  ) throws -> some Service {
    Application(
      router: router(settings: settings, control: control, monitored: monitored),
      server: try server(settings),
      configuration: .init(
        address: .hostname(settings.host, port: settings.port), serverName: "Sealpost",
        availableConnectionsDelegate: .maximum(mostConnections, logger: logger)),
      logger: logger)
  }

  private static func server(_ settings: ServerSettings) throws -> HTTPServerBuilder {
    let limit = TimeAmount(settings.patience)
    let http = HTTPServerBuilder.http1(
      configuration: .init(
        additionalChannelHandlers: [RequestDeadline(limit: limit)], idleTimeout: limit,
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: mostHeaderBytes, maxHeaderListSize: mostHeaderBytes,
          maxHeaderFieldCount: mostHeaders)))
    guard let tls = settings.tls else { return http }
    return try .tls(http, tlsConfiguration: tls.configuration)
  }

  /// What answers which request.
  static func router(
    settings: ServerSettings, control: ControlPlane?, monitored: [any Monitored]
  ) -> Router<ServerContext> {
    let router = Router(context: ServerContext.self)
    router.add(middleware: RequestMiddleware(isSecure: settings.tls != nil))
    MonitoringRoutes(parts: monitored, token: settings.metricsToken).add(to: router)
    if let control {
      let signIn = SignInGuard(control: control, settings: settings)
      APIRoutes(control: control, settings: settings, signIn: signIn).add(to: router)
      PublicKeyRoutes(control: control).add(to: router)
      PortalRoutes(control: control, signIn: signIn).add(to: router)
    }
    return router
  }
}
