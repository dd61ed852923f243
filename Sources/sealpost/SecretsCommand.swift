import ArgumentParser
import SealpostControl
import SealpostStore

struct SecretsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "secrets", abstract: "What the store keeps sealed, and the key that seals it.",
    subcommands: [RotateKey.self])

  struct RotateKey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rotate-key",
      abstract: "Seals everything anew with SEALPOST_SECRET_KEY, while workers run.",
      discussion: """
        First give every process the new key in SEALPOST_OTHER_SECRET_KEYS; then make it \
        SEALPOST_SECRET_KEY everywhere, with the old one in SEALPOST_OTHER_SECRET_KEYS; then run this; then \
        take the old one away. What was interrupted goes on when it is run again.
        """)

    private struct Report: Encodable {
      struct Unreadable: Encodable {
        let owner, why: String
      }

      let key: String
      let secrets, sealedAnew: Int
      let unreadable: [Unreadable]
    }

    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var options: SettingsOptions

    func run() async throws {
      try await reporting {
        let control = try await options.load().openControlPlane()
        let done = try await control.rotateSecretKey(by: .commandLine) {
          Output.progress("looked at \($0) of \($1)")
        }
        Output.progress("")
        if json {
          try Output.json(
            Report(
              key: done.key, secrets: done.count, sealedAnew: done.sealed,
              unreadable: done.unreadable.map { .init(owner: $0.owner, why: $0.why) }))
        } else {
          print("sealed \(done.sealed) of \(done.count) anew with the key \(done.key)")
        }
        guard done.unreadable.isEmpty else {
          throw Failure(
            done.unreadable.map { "\($0.owner): \($0.why)" }.joined(separator: "\n"),
            exitCode: Failure.badSettings)
        }
      }
    }
  }
}
