import Foundation
import Glibc

/// A RabbitMQ node for tests: temporary folder, free ports, its own port mapper, stopped by process id.
public final class RabbitMQServer: Sendable {
  /// Why a node does not start.
  public struct StartFailure: Error {
    /// What it printed last.
    public let output: String
  }

  private static let programs = "/usr/lib/rabbitmq/bin/"

  /// The AMQP port.
  public let port: UInt16
  private let folder: URL
  private let environment: [String: String]
  private let node: Process

  /// The URL of its default virtual host.
  public var url: String { "amqp://guest:guest@127.0.0.1:\(port)/%2F" }

  /// One node for the whole test process, stopped at its end.
  public static let shared: Result<RabbitMQServer, any Error> = Result {
    let server = try RabbitMQServer()
    atexit { if case .success(let server) = RabbitMQServer.shared { server.stop() } }
    return server
  }

  /// Starts a node and waits until it serves.
  public init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("sealpost-rabbitmq-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    port = FreePort.find()
    let plugins = folder.appendingPathComponent("enabled_plugins")
    try "[].\n".write(to: plugins, atomically: true, encoding: .utf8)
    environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin",
      "LANG": "C.UTF-8", "HOME": folder.path, "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
      "RABBITMQ_MNESIA_BASE": folder.path + "/mnesia", "RABBITMQ_LOG_BASE": folder.path + "/log",
      "RABBITMQ_NODENAME": "sealpost\(port)@localhost", "RABBITMQ_NODE_PORT": "\(port)",
      "RABBITMQ_DIST_PORT": "\(FreePort.find())", "ERL_EPMD_PORT": "\(FreePort.find())",
      "RABBITMQ_ENABLED_PLUGINS_FILE": plugins.path,
    ]
    let log = folder.appendingPathComponent("node.log")
    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    node = Process()
    node.executableURL = URL(fileURLWithPath: Self.programs + "rabbitmq-server")
    node.environment = environment
    node.standardOutput = try FileHandle(forWritingTo: log)
    node.standardError = node.standardOutput
    try node.run()
    let isUp = Waiting.until(seconds: 120) { FreePort.isListening(port) }
    guard isUp else {
      throw StartFailure(output: (try? String(contentsOf: log, encoding: .utf8)) ?? "")
    }
    _ = try ctl("await_startup")
  }

  /// Runs `rabbitmqctl` on the node and gives what it prints.
  @discardableResult
  public func ctl(_ arguments: String...) throws -> String {
    let command = Process()
    let output = Pipe()
    command.executableURL = URL(fileURLWithPath: Self.programs + "rabbitmqctl")
    command.arguments = arguments
    command.environment = environment
    command.standardOutput = output
    command.standardError = output
    try command.run()
    let text = String(
      decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    command.waitUntilExit()
    guard command.terminationStatus == 0 else { throw StartFailure(output: text) }
    return text
  }

  /// Stops the node and its port mapper and removes its folder.
  ///
  /// By the shell, since this also runs while the process exits, when Foundation's own processes are no
  /// longer waited for.
  public func stop() {
    let assignments = environment.map { "\($0.key)='\($0.value)'" }.joined(separator: " ")
    let commands = "\(Self.programs)rabbitmqctl stop; epmd -kill; rm -rf \(folder.path)"
    _ = system("env -i \(assignments) sh -c '\(commands)' > /dev/null 2>&1")
  }
}
