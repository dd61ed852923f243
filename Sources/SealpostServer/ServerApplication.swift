import Hummingbird
public import Logging
public import SealpostControl
public import SealpostMonitoring
public import ServiceLifecycle

/// The HTTP side of a process.
public enum ServerApplication {
  /// A server to be run as a service: what watches the process, and with a control plane the API and the
  /// portal.
  ///
  /// - Parameter monitored: the parts of the process, for `/metrics` and `/readyz`.
  public static func build(
    settings: ServerSettings, control: ControlPlane?, monitored: [any Monitored], logger: Logger
  ) -> some Service {
    Application(
      router: router(settings: settings, control: control, monitored: monitored),
      configuration: .init(
        address: .hostname(settings.host, port: settings.port), serverName: "Sealpost"),
      logger: logger)
  }

  /// What answers which request.
  static func router(
    settings: ServerSettings, control: ControlPlane?, monitored: [any Monitored]
  ) -> Router<ServerContext> {
    let router = Router(context: ServerContext.self)
    router.add(middleware: RequestMiddleware())
    MonitoringRoutes(parts: monitored, token: settings.metricsToken).add(to: router)
    if let control {
      APIRoutes(control: control, settings: settings).add(to: router)
      PortalRoutes(control: control).add(to: router)
    }
    return router
  }
}
