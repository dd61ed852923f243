import ArgumentParser
import Foundation
import SealpostControl
import SealpostCore
import SealpostStore

struct RejectedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rejected",
    abstract: "Messages that were no valid events: list, show, publish again, drop.",
    subcommands: [List.self, Show.self, Requeue.self, Drop.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists them, newest first.")

    @Option(help: "How many rows.") var limit = 100
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        let rows = try await options.load().openControlPlane().rejected(
          account: nil, before: nil, limit: limit, by: .commandLine)
        if json { return try Output.json(rows.map { RejectedView($0) }) }
        var table = Table("ID", "CAME", "BYTES", "REASON", "WHAT IS WRONG")
        for row in rows {
          table.add(
            "\(row.id)", Output.relative(row.receivedAt), "\(row.body.count)", row.reason,
            row.detail)
        }
        print(table.text(whenEmpty: "Nothing was rejected."))
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints the bytes of one, as they came.")

    @Argument(help: "The ID.") var id: Int64
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        let row = try await options.load().openControlPlane().rejected(id, by: .commandLine)
        if isatty(STDOUT_FILENO) == 1 {
          print(Inert.text(String(decoding: row.body, as: UTF8.self)))
        } else {
          FileHandle.standardOutput.write(Data(row.body))
        }
      }
    }
  }

  struct Requeue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Publishes them again as they are, once what was wrong is mended.",
      discussion: "A valid event goes out; one that is still wrong is rejected again.")

    @Argument(help: "The IDs.") var ids: [Int64]
    @Option(help: "The account; the one that they came with, where it is left out.")
    var account: String?
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        let control = try await options.load().openControlPlane()
        for id in ids {
          try await control.requeueRejected(id, account: account, by: .commandLine)
        }
        print("published again \(ids.count)")
      }
    }
  }

  struct Drop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Forgets them.")

    @Argument(help: "The IDs.") var ids: [Int64]
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        let control = try await options.load().openControlPlane()
        for id in ids { try await control.dropRejected(id, by: .commandLine) }
        print("dropped \(ids.count)")
      }
    }
  }
}
