import ArgumentParser
import Foundation
import SealpostBroker
import SealpostControl

struct QueuesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queues", abstract: "Shows how full the queues are.",
    discussion: """
      The ladder's levels are shown as one; its messages are retries that wait for their time.

        sealpost queues
        sealpost queues --watch
      """)

  @Flag(help: "Refresh every two seconds, with what came and went.") var watch = false
  @Flag(help: "Print JSON, each level of the ladder by itself.") var json = false
  @OptionGroup var options: SettingsOptions

  func run() async throws {
    try await reporting {
      let broker = try await options.load().broker
      var last: [String: Int] = [:]
      repeat {
        let depths = try await blocking {
          try QueueDepth.read(
            on: try BrokerConnection.open(broker, name: "sealpost queues"), settings: broker)
        }
        if json {
          try Output.json(depths.map(QueueView.init))
        } else {
          show(depths, broker, &last)
        }
        if watch { try await Task.sleep(for: .seconds(2)) }
      } while watch && !Task.isCancelled
    }
  }

  private func show(_ depths: [QueueDepth], _ broker: BrokerSettings, _ last: inout [String: Int]) {
    let ladder = "\(broker.namespace).v1.delay.0…\(DelayLadder.levels - 1)"
    let isLevel = { (depth: QueueDepth) in depth.queue.hasPrefix("\(broker.namespace).v1.delay.") }
    var rows = depths.filter { !isLevel($0) }.map { ($0.queue, $0.messages, "\($0.consumers)") }
    rows.append((ladder, depths.filter(isLevel).map(\.messages).reduce(0, +), "-"))
    var table =
      watch
      ? Table("QUEUE", "MESSAGES", "CHANGE/S", "CONSUMERS")
      : Table("QUEUE", "MESSAGES", "CONSUMERS")
    for (queue, messages, consumers) in rows {
      if watch {
        let change = last[queue].map { "\((messages - $0) / 2)" } ?? ""
        table.add(queue, "\(messages)", change, consumers)
      } else {
        table.add(queue, "\(messages)", consumers)
      }
      last[queue] = messages
    }
    if watch { print("\u{1B}[H\u{1B}[2J", terminator: "") }
    print(table.text(whenEmpty: ""))
    Output.flush()
  }
}
