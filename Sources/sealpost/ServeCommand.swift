import ArgumentParser
import Foundation
import Logging
import SealpostServer
import SealpostWorker
import ServiceLifecycle

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Runs the worker.",
    discussion: """
      Runs until SIGTERM or SIGINT, then ends what is in flight within SEALPOST_SHUTDOWN_GRACE; a second \
      signal ends it at once. Nothing is lost either way.

        sealpost serve
        sealpost serve --lanes 2
      """)

  @Option(help: "How many threads deliver; SEALPOST_LANES, or one per core.") var lanes: Int?
  @OptionGroup var options: SettingsOptions

  func validate() throws {
    guard (1...64).contains(lanes ?? 1) else { throw ValidationError("--lanes must be 1 to 64.") }
  }

  func run() async throws {
    try await reporting {
      let application = try buildApplication(try await options.load(), lanes: lanes)
      ShutdownSignals.handle { Task { await application.triggerGracefulShutdown() } }
      try await application.run()
    }
  }
}

/// Wires a process: the one place that knows every module.
func buildApplication(_ settings: Settings, lanes: Int?) throws -> ServiceGroup {
  let logger = try makeLogger(settings)
  var workerSettings = try settings.worker
  workerSettings.lanes = lanes ?? workerSettings.lanes
  let worker = Worker(
    settings: workerSettings, store: try settings.openStore(), logger: logger)
  let address = try settings.httpAddress
  let server = HealthServer.build(host: address.host, port: address.port, logger: logger)
  return ServiceGroup(
    configuration: ServiceGroupConfiguration(
      services: [
        .init(
          service: server, successTerminationBehavior: .gracefullyShutdownGroup,
          failureTerminationBehavior: .gracefullyShutdownGroup),
        .init(
          service: worker, successTerminationBehavior: .gracefullyShutdownGroup,
          failureTerminationBehavior: .gracefullyShutdownGroup),
      ], logger: logger))
}

private func makeLogger(_ settings: Settings) throws -> Logger {
  let level = settings.reader.text("SEALPOST_LOG_LEVEL") ?? "info"
  guard let level = Logger.Level(rawValue: level) else {
    throw settings.reader.refusal(
      "SEALPOST_LOG_LEVEL", "one of debug, info, warning, error", example: "info")
  }
  var logger = Logger(label: "sealpost") { StreamLogHandler.standardError(label: $0) }
  logger.logLevel = level
  return logger
}
