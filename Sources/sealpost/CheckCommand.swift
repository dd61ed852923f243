import ArgumentParser
import Foundation
import SealpostBroker
import SealpostControl
import SealpostStore

struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Tells whether everything that Sealpost needs is well: settings, broker, store.",
    discussion: """
      Declares the topology and proves that the broker keeps what the ladder holds. Exit code 0 only if \
      all is well.
      """)

  @OptionGroup var options: SettingsOptions

  func run() async throws {
    try await reporting {
      let settings = try await options.load()
      var report = Report()
      await report.check("settings") {
        _ = try settings.worker
        _ = try settings.server
        return "as expected"
      }
      let broker = try? settings.broker
      if let broker {
        let isConnected = await report.check("broker") {
          try await blocking {
            try BrokerConnection.open(broker, name: "sealpost check").close()
            return broker.urls.map { "\($0)" }.joined(separator: ", ")
          }
        }
        if isConnected {
          await report.check("topology") {
            try await blocking {
              let connection = try BrokerConnection.open(broker, name: "sealpost check")
              try BrokerTopology.declare(on: connection, settings: broker)
              return "declared under \(broker.namespace)"
            }
          }
          await report.check("proof") {
            try await blocking {
              let connection = try BrokerConnection.open(broker, name: "sealpost check")
              try BrokerProof.run(on: connection, settings: broker)
              return "expired messages are kept until somebody takes them"
            }
          }
        }
      }
      await report.check("store") {
        let store = try settings.openStore()
        let count = try await store.webhooks(account: nil).count
        return "\(store.location), \(count) webhooks"
      }
      await report.check("secrets") {
        let found = try await settings.openControlPlane().checkSecrets(by: .commandLine)
        guard found.unreadable.isEmpty else {
          let some = found.unreadable.prefix(3).map { "\($0.owner): \($0.why)" }
          throw Failure(
            "\(found.unreadable.count) cannot be opened, so the deliveries of these webhooks are parked. "
              + some.joined(separator: " ") + " Or give the webhook a new token.",
            exitCode: Failure.badSettings)
        }
        return "\(found.count) sealed, the key is \(found.key)"
      }
      if let code = report.worst { throw ExitCode(code) }
    }
  }

  /// The verdicts so far.
  private struct Report {
    private(set) var worst: Int32?

    /// Does one check and prints its verdict; whether it is well.
    @discardableResult
    mutating func check(_ name: String, _ work: () async throws -> String) async -> Bool {
      let title = name.padding(toLength: 10, withPad: " ", startingAt: 0)
      do {
        print("✓ \(title)\(Inert.text(try await work()))")
        return true
      } catch {
        let failure = Failure(error)
        print("✗ \(title)\(Inert.text(failure.message))")
        worst = max(worst ?? 0, failure.exitCode)
        return false
      }
    }
  }
}
