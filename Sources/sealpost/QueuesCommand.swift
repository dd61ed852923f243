import ArgumentParser
import Foundation
import SealpostBroker
import SealpostControl

struct QueuesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queues", abstract: "Shows how full the queues are.",
    discussion: """
      The ladder's levels are shown as one; its messages are retries that wait for their time. With --watch \
      also what comes and goes, and for how long at most the oldest message has waited: workers tell that \
      once a second, and before the first word of it, it counts from the start of the command.

        sealpost queues
        sealpost queues --watch            a table that stays in its place; q quits
        sealpost queues --watch --json     an object a line every two seconds
      """)

  @Flag(help: "Refresh every two seconds, with what came and went.") var watch = false
  @Flag(help: "Print JSON, each level of the ladder by itself.") var json = false
  @OptionGroup var options: SettingsOptions

  func run() async throws {
    try await reporting {
      let monitor = QueueMonitor(settings: try await options.load().broker)
      // Also says at once where there is nothing to watch.
      let depths = try await monitor.read()
      if watch { return try await watch(monitor) }
      if json { return try Output.json(depths.map(QueueView.init)) }
      show(depths, monitor.settings.names)
    }
  }

  private func watch(_ monitor: QueueMonitor) async throws {
    let watching = Task { try await monitor.run() }
    defer { watching.cancel() }
    let watch = QueueWatch(monitor: monitor)
    if json || isatty(STDOUT_FILENO) != 1 { return try await watch.printLines(asJSON: json) }
    try await blocking { try watch.show() }
  }

  private func show(_ depths: [QueueDepth], _ names: BrokerNames) {
    let levels = Set((0..<DelayLadder.levels).map(names.delay))
    var table = Table("QUEUE", "MESSAGES", "CONSUMERS")
    for depth in depths where !levels.contains(depth.queue) {
      table.add(depth.queue, "\(depth.messages)", "\(depth.consumers)")
    }
    let delayed = depths.filter { levels.contains($0.queue) }.reduce(0) { $0 + $1.messages }
    table.add("\(names.delay(0))…\(DelayLadder.levels - 1)", "\(delayed)", "-")
    print(table.text(whenEmpty: ""))
  }
}
