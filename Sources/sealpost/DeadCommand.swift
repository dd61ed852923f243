import ArgumentParser
import Foundation
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
    /// What does not go on by itself.
    static let ended: [BacklogState] = [.exhausted, .parked]

    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var options: SettingsOptions

    func validate() throws {
      guard state == nil || BacklogState(rawValue: state ?? "") != nil else {
        throw ValidationError("--state must be exhausted, parked or waiting.")
      }
    }

    func run() async throws {
      try await reporting {
        let rows = try await options.load().openStore().backlog(
          states: state.flatMap { BacklogState(rawValue: $0) }.map { [$0] } ?? Self.ended,
          limit: limit)
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
      abstract: "Sends them again, each as a new run.",
      discussion: """
          sealpost dead requeue 17 18
          sealpost dead requeue --all
        """)

    @Argument(help: "The IDs.") var ids: [Int64] = []
    @Flag(help: "All of them.") var all = false
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        let settings = try await options.load()
        let broker = try settings.broker
        let store = try settings.openStore()
        let chosen = all ? try await store.backlog(states: List.ended, limit: .max).map(\.id) : ids
        guard !chosen.isEmpty || all else { throw Failure("Name the IDs, or --all.") }
        for (index, id) in chosen.enumerated() {
          let resend = try await store.newRun(ofBacklog: id)
          try await blocking { try Publishing.send(resend, broker: broker) }
          try await store.removeBacklog(id)
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
        let store = try await options.load().openStore()
        for id in ids { try await store.removeBacklog(id) }
        print("dropped \(ids.count)")
      }
    }
  }
}

private struct DeadView: Encodable {
  let id: Int64
  let account, eventId, event, webhookId, webhook, state, reason, since: String
  let run, attempt: Int

  init(_ row: BacklogEntry) {
    id = row.id
    account = row.account
    eventId = row.eventID
    event = row.eventName
    webhookId = row.webhookID
    webhook = row.webhookName
    state = row.state.rawValue
    reason = row.reason
    since = row.createdAt.iso8601
    run = row.run
    attempt = row.attempt
  }
}
