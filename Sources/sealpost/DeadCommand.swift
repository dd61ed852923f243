import ArgumentParser
import Foundation
import SealpostControl
import SealpostCore
import SealpostStore

struct DeadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dead",
    abstract: "Deliveries that were given up or parked: list, send again, drop.",
    subcommands: [List.self, Requeue.self, Drop.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists them, oldest first.")

    @Option(help: "Only exhausted, parked or waiting ones; the first two unless asked.")
    var state: String?
    @Option(help: "How many rows.") var limit = 100
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var options: SettingsOptions

    func validate() throws {
      guard state == nil || BacklogState(rawValue: state ?? "") != nil else {
        throw ValidationError("--state must be exhausted, parked or waiting.")
      }
    }

    func run() async throws {
      try await reporting {
        var filter = BacklogFilter()
        if let state = state.flatMap({ BacklogState(rawValue: $0) }) { filter.states = [state] }
        filter.limit = limit
        let rows = try await options.load().openControlPlane().dead(filter, by: .commandLine)
        if json { return try Output.json(rows.map(DeadView.init)) }
        var table = Table(
          "ID", "SINCE", "STATE", "EVENT", "EVENT ID", "WEBHOOK", "ATTEMPT", "REASON")
        for row in rows {
          table.add(
            "\(row.id)", Output.relative(row.createdAt), row.state.rawValue, row.eventName,
            row.eventID, row.webhookName, "\(row.attempt)", row.reason)
        }
        print(table.text(whenEmpty: "Nothing is given up or parked."))
      }
    }
  }

  struct Requeue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lets them go on, each as a new run: workers send them again.",
      discussion: """
          sealpost dead requeue 17 18
          sealpost dead requeue --all
        """)

    @Argument(help: "The IDs.") var ids: [Int64] = []
    @Flag(help: "All of them.") var all = false
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        let control = try await options.load().openControlPlane()
        var filter = BacklogFilter()
        filter.limit = .max
        let chosen = all ? try await control.dead(filter, by: .commandLine).map(\.id) : ids
        guard !chosen.isEmpty || all else { throw Failure("Name the IDs, or --all.") }
        for (index, id) in chosen.enumerated() {
          try await control.requeueDead(id, by: .commandLine)
          Output.progress("sent again \(index + 1) of \(chosen.count)")
        }
        Output.progress("")
        print("sent again \(chosen.count)")
      }
    }
  }

  struct Drop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Forgets them. The log keeps their attempts.")

    @Argument(help: "The IDs.") var ids: [Int64]
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        let control = try await options.load().openControlPlane()
        for id in ids { try await control.dropDead(id, by: .commandLine) }
        print("dropped \(ids.count)")
      }
    }
  }
}
