import ArgumentParser
import Foundation
import SealpostBroker
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
        let rows = try await options.load().openStore().rejected(limit: limit)
        if json { return try Output.json(rows.map(RejectedView.init)) }
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
        let row = try await options.load().openStore().rejected(id)
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
    @Option(help: "The account.") var account = AccountID.default
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        let settings = try await options.load()
        let broker = try settings.broker
        let store = try settings.openStore()
        for id in ids {
          let row = try await store.rejected(id)
          let account = account
          _ = try await blocking {
            try Publishing(broker: broker, exchange: "").publish(count: 1, rate: nil) { _ in
              Publishing.Draft(
                routingKey: broker.names.events, id: row.messageID ?? "", body: row.body,
                headers: [("account", account)])
            }
          }
          try await store.removeRejected(id)
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
        let store = try await options.load().openStore()
        for id in ids { try await store.removeRejected(id) }
        print("dropped \(ids.count)")
      }
    }
  }
}

private struct RejectedView: Encodable {
  let id: Int64
  let reason, detail, receivedAt, body: String
  let messageId: String?

  init(_ row: RejectedEntry) {
    id = row.id
    reason = row.reason
    detail = row.detail
    receivedAt = row.receivedAt.iso8601
    messageId = row.messageID
    body = Data(row.body.prefix(4096)).base64EncodedString()
  }
}
