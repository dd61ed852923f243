import ArgumentParser
import Foundation
import SealpostBroker
import SealpostControl
import SealpostCore

struct TopologyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "topology", abstract: "Clears up on the broker after an upgrade.",
    subcommands: [TopologyPruneCommand.self])
}

struct TopologyPruneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Removes the ladder that an earlier version left behind, once it is empty.",
    discussion: """
        sealpost topology prune --dry-run     what would be removed
        sealpost topology prune

      The ladder's queues carry a version in their names. When a new Sealpost has another one, workers of \
      both may run for a while; once the last earlier worker has stopped, its ladder drains by itself into \
      the queues that stay. It is removed as a whole, after it was watched to be empty for four minutes: a \
      message on its way from one level to the next is in no count of the broker's for as long as three.
      """)

  /// How long a ladder is watched, in its own steps: longer than a stalled dead-letter worker of the broker's
  /// takes to try again (publisher_confirm_timeout, three minutes).
  private static let watchedSteps = 240

  @Flag(help: "Only list what would be removed.") var dryRun = false
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var options: SettingsOptions

  func run() async throws {
    try await reporting {
      let settings = try await options.load().broker
      let queues = try await blocking {
        try EarlierTopology.queues(on: Self.connection(settings), names: settings.names)
      }
      if dryRun { return try show(queues) }
      try Self.requireEmpty(queues)
      guard !queues.isEmpty else { return try show([]) }
      let left = try await watch(settings)
      try await blocking {
        try EarlierTopology.remove(left.map(\.queue), on: Self.connection(settings))
      }
      try show(left)
    }
  }

  private func watch(_ settings: BrokerSettings) async throws -> [QueueDepth] {
    let clock = ContinuousClock()
    let end = clock.now + settings.delayUnit * Self.watchedSteps
    while true {
      let queues = try await blocking {
        try EarlierTopology.queues(on: Self.connection(settings), names: settings.names)
      }
      try Self.requireEmpty(queues)
      guard clock.now < end else {
        Output.progress("")
        return queues
      }
      Output.progress("watched to be empty for \(Int((end - clock.now) / .seconds(1))) s more")
      try await Task.sleep(for: min(.seconds(1), end - clock.now))
    }
  }

  private static func connection(_ settings: BrokerSettings) throws -> BrokerConnection {
    try BrokerConnection.open(settings, name: "sealpost topology")
  }

  private static func requireEmpty(_ queues: [QueueDepth]) throws {
    guard let queue = queues.first(where: { $0.messages > 0 || $0.consumers > 0 }) else { return }
    let messages = queues.reduce(0) { $0 + $1.messages }
    throw Failure(
      queue.messages > 0
        ? "Nothing is removed: \(messages) messages wait on the earlier ladder, the longest in \(queue.queue). Stop the workers of the earlier version, and try again when all have come down."
        : "Nothing is removed: somebody consumes \(queue.queue). Stop that first.")
  }

  private struct View: Encodable {
    let queue: String
    let messages, consumers: Int
    let removed: Bool
  }

  private func show(_ queues: [QueueDepth]) throws {
    if json {
      return try Output.json(
        queues.map {
          View(
            queue: $0.queue, messages: $0.messages, consumers: $0.consumers, removed: !dryRun)
        })
    }
    if !dryRun {
      for queue in queues { print("removed \(Inert.text(queue.queue))") }
      if queues.isEmpty { print("Nothing is left of an earlier version.") }
      return
    }
    var table = Table("QUEUE", "MESSAGES", "CONSUMERS")
    for queue in queues { table.add(queue.queue, "\(queue.messages)", "\(queue.consumers)") }
    print(table.text(whenEmpty: "Nothing is left of an earlier version."))
  }
}
