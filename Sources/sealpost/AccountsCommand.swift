import ArgumentParser
import SealpostControl
import SealpostStore

struct AccountsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accounts", abstract: "Removes an account with all that it has.",
    subcommands: [Purge.self])

  struct Purge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Removes all of an account: webhooks, events, log, backlog, tokens, audit trail.",
      discussion: """
          sealpost accounts purge acme          counts what there is
          sealpost accounts purge acme --yes    removes it

        Webhooks and tokens end at once. Then rows go in steps while workers run, and once more when \
        deliveries that were under way have ended. What is still in queues of the broker ends there without \
        a row. What was interrupted goes on when it is run again.
        """)

    private struct Report: Encodable {
      let account: String
      let removed: Int?
      let found: [String: Int]
    }

    @Argument(help: "The account.") var account: String
    @Flag(help: "Remove it. Without this it is only counted.") var yes = false
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        let control = try await options.load().openControlPlane()
        let holdings = try await control.holdings(ofAccount: account, by: .commandLine)
        var removed: Int?
        if yes {
          removed = try await control.purge(account: account, by: .commandLine) { count, share in
            Output.progress("removed \(count) rows, \(Int(share * 100)) % of the log looked at")
          }
          Output.progress("")
        }
        if json {
          let found = Dictionary(uniqueKeysWithValues: holdings.map { ($0.kind, $0.count) })
          return try Output.json(Report(account: account, removed: removed, found: found))
        }
        var table = Table("WHAT", "ROWS")
        for holding in holdings { table.add(holding.kind, "\(holding.count)") }
        print(table.text(whenEmpty: ""))
        print(removed.map { "removed \($0) rows" } ?? "Nothing was removed: --yes removes it.")
      }
    }
  }
}
