import ArgumentParser
import Foundation
import SealpostStore

struct StoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "Moves a store.", subcommands: [StoreCopyCommand.self])
}

struct StoreCopyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "copy", abstract: "Copies an SQLite store into an empty PostgreSQL database.",
    discussion: """
        SEALPOST_SECRET_KEY=$(cat sealpost.sqlite.key) \\
          sealpost store copy --from sqlite:sealpost.sqlite --to postgresql://sealpost@db/sealpost

      Stop all workers first: what they would write meanwhile stays behind. Tokens stay sealed with \
      SEALPOST_SECRET_KEY, which workers need from then on.
      """)

  @Option(help: "The SQLite store: sqlite: and a path.") var from: String
  @Option(help: "The PostgreSQL database, which must be empty.") var to: String
  @OptionGroup var options: SettingsOptions

  func run() async throws {
    try await reporting {
      let secretKey = try await options.load().secretKey
      let (from, to) = (from, to)
      let copied = try await blocking {
        let copy = try StoreCopy(from: from, to: to, secretKey: secretKey)
        return try copy.run { progress in
          Output.progress("\(progress.table): \(progress.rows) of \(progress.total)")
        }
      }
      Output.progress("")
      for (table, rows) in copied where rows > 0 { print("\(table): \(rows)") }
      print("copied")
    }
  }
}
