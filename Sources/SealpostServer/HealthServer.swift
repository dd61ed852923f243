import Hummingbird
public import Logging
public import ServiceLifecycle

/// The HTTP side of a process. For now it tells that the process lives.
public enum HealthServer {
  /// A server that answers `GET /healthz`, to be run as a service.
  public static func build(host: String, port: Int, logger: Logger) -> some Service {
    let router = Router()
    router.get("/healthz") { _, _ in
      Response(
        status: .ok, headers: [.contentType: "application/json"],
        body: .init(byteBuffer: ByteBuffer(string: #"{"status":"ok"}"#)))
    }
    return Application(
      router: router,
      configuration: .init(address: .hostname(host, port: port), serverName: "Sealpost"),
      logger: logger)
  }
}
