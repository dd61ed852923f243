import ArgumentParser
import Foundation
import SealpostControl
import SealpostMonitoring
import SealpostServer
import SealpostWorker
import ServiceLifecycle

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Runs the worker and the API.",
    discussion: """
      Runs until SIGTERM or SIGINT, then ends what is in flight within SEALPOST_SHUTDOWN_GRACE; a second \
      signal ends it at once. Nothing is lost either way.

        sealpost serve
        sealpost serve --lanes 2
        sealpost serve --roles api
      """)

  /// What a process does. Every process answers `GET /healthz`, `/readyz` and `/metrics`.
  enum Role: String, CaseIterable {
    case worker, api
  }

  @Option(help: "How many threads deliver; SEALPOST_LANES, or one per core.") var lanes: Int?
  @Option(help: "What this process does, with a comma: worker, api.") var roles = "worker,api"
  @OptionGroup var options: SettingsOptions

  func validate() throws {
    guard (1...64).contains(lanes ?? 1) else { throw ValidationError("--lanes must be 1 to 64.") }
    guard !parsedRoles.isEmpty, parsedRoles.allSatisfy({ $0 != nil }) else {
      throw ValidationError("--roles must be worker, api, or both with a comma.")
    }
  }

  private var parsedRoles: [Role?] {
    roles.split(separator: ",").map { Role(rawValue: $0.trimmingCharacters(in: .whitespaces)) }
  }

  func run() async throws {
    try await reporting {
      let application = try buildApplication(
        try await options.load(), roles: Set(parsedRoles.compactMap { $0 }), lanes: lanes)
      ShutdownSignals.handle { Task { await application.triggerGracefulShutdown() } }
      try await application.run()
    }
  }
}

/// Wires a process: the one place that knows every module.
func buildApplication(_ settings: Settings, roles: Set<ServeCommand.Role>, lanes: Int?) throws
  -> ServiceGroup
{
  let logger = try settings.logger
  let store = try settings.openStore()
  var services: [any Service] = []
  let storeMonitor = StoreMonitor(store: store, isNeeded: roles.contains(.api))
  var queueMonitor = QueueMonitor(settings: try settings.broker)
  var monitored: [any Monitored] = [ProcessMetrics(version: Product.version), storeMonitor]
  var control: ControlPlane?
  if roles.contains(.api) {
    let controlSettings = try settings.control
    let publisher = ControlPublisher(settings: controlSettings.broker)
    let plane = ControlPlane(settings: controlSettings, store: store, publisher: publisher)
    control = plane
    // Before the server, so that they end after it.
    services.append(publisher)
    queueMonitor = plane.queueMonitor
  }
  monitored.append(queueMonitor)
  var worker: Worker?
  if roles.contains(.worker) {
    var workerSettings = try settings.worker
    workerSettings.lanes = lanes ?? workerSettings.lanes
    let made = Worker(settings: workerSettings, store: store, logger: logger)
    monitored.append(made.metrics)
    worker = made
  }
  services += [
    queueMonitor, storeMonitor,
    try ServerApplication.build(
      settings: try settings.server, control: control, monitored: monitored, logger: logger),
  ]
  if let worker { services.append(worker) }
  return ServiceGroup(
    configuration: ServiceGroupConfiguration(
      services: services.map {
        .init(
          service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
          failureTerminationBehavior: .gracefullyShutdownGroup)
      }, logger: logger))
}
