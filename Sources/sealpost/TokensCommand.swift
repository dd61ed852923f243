import ArgumentParser
import Foundation
import SealpostControl
import SealpostCore
import SealpostSigning
import SealpostStore

struct TokensCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokens", abstract: "Tokens for the API and the portal: make, list, revoke.",
    subcommands: [Create.self, List.self, Revoke.self], defaultSubcommand: List.self)

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes a token and shows it once.",
      discussion: """
          sealpost tokens create --name crm --account acme --scope webhook:read,webhook:write
          sealpost tokens create --name shop --account acme --scope event:write --expires 90d
          sealpost tokens create --name operator --scope webhook:read,webhook:write,event:write

        Without --account it may act for every account.
        """)

    @Option(help: "What it is called.") var name: String
    @Option(help: "The only account that it may act for.") var account: String?
    @Option(help: "What it may do, with commas: webhook:read, webhook:write, event:write.")
    var scope: String
    @Option(help: "After how long it ends: 12h, 90d; never, where it is left out.")
    var expires: String?
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        let scopes = try scope.split(separator: ",").map { text in
          let text = text.trimmingCharacters(in: .whitespaces)
          guard let scope = AccessScope(rawValue: text) else {
            let known = AccessScope.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure("--scope \(text): it must be one of \(known).")
          }
          return scope
        }
        let made = try await options.load().openControlPlane().createToken(
          name: name, account: account, scopes: Set(scopes), expiresAt: try expiresAt,
          by: .commandLine)
        if json { return try Output.json(TokenView(made.record, token: made.token)) }
        print("made \(made.record.id)")
        print("token \(made.token.clearText)   (shown only now)")
      }
    }

    private var expiresAt: Timestamp? {
      get throws {
        guard let expires else { return nil }
        let hours = ["h": 1, "d": 24].first { expires.hasSuffix($0.key) }?.value
        guard let hours, let number = Int(expires.dropLast()), (1...87_600).contains(number) else {
          throw Failure("--expires \(expires): it must be a number of hours or days, such as 90d.")
        }
        return .now() + .seconds(number * hours * 3600)
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists tokens, newest first.")

    @Option(help: "Only this account's.") var account: String?
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        let tokens = try await options.load().openControlPlane().tokens(
          account: account, by: .commandLine)
        if json { return try Output.json(tokens.map { TokenView($0) }) }
        var table = Table("ID", "NAME", "ACCOUNT", "SCOPES", "MADE", "STATE")
        for token in tokens {
          let state =
            token.revokedAt != nil
            ? "revoked"
            : token.expiresAt.map { "\($0 <= .now() ? "ended" : "ends") \(Output.relative($0))" }
              ?? "valid"
          table.add(
            token.id, token.name, token.account ?? "every one",
            token.scopes.map(\.rawValue).sorted().joined(separator: ","),
            Output.relative(token.createdAt), state)
        }
        print(
          table.text(whenEmpty: "No tokens yet. Make one with `sealpost tokens create --help`."))
      }
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Ends a token for good.")

    @Argument(help: "The token's ID, as `sealpost tokens list` shows it.") var id: String
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        try await options.load().openControlPlane().revokeToken(id, by: .commandLine)
        print("revoked \(id)")
      }
    }
  }
}
