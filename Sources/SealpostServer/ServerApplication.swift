import Hummingbird
public import Logging
public import SealpostControl
public import ServiceLifecycle

/// The HTTP side of a process.
public enum ServerApplication {
  /// A server to be run as a service: `GET /healthz`, and with a control plane the API and the portal.
  public static func build(settings: ServerSettings, control: ControlPlane?, logger: Logger)
    -> some Service
  {
    Application(
      router: router(settings: settings, control: control),
      configuration: .init(
        address: .hostname(settings.host, port: settings.port), serverName: "Sealpost"),
      logger: logger)
  }

  /// What answers which request.
  static func router(settings: ServerSettings, control: ControlPlane?) -> Router<ServerContext> {
    let router = Router(context: ServerContext.self)
    router.add(middleware: RequestMiddleware())
    router.get("/healthz") { _, _ in
      APIAnswer(json: [UInt8](#"{"status":"ok"}"#.utf8)).response
    }
    if let control {
      APIRoutes(control: control, settings: settings).add(to: router)
      PortalRoutes(control: control).add(to: router)
    }
    return router
  }
}
