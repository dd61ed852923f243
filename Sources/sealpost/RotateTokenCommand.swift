import ArgumentParser
import SealpostControl
import SealpostCore

extension WebhooksCommand {
  struct RotateToken: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rotate-token", abstract: "Gives a webhook a new token.",
      discussion: """
          sealpost webhooks rotate-token ID
          sealpost webhooks rotate-token ID --overlap-hours 72

        Under standard and standard-ed25519 the token before signs beside the new one, for a day unless told \
        otherwise. hmac-sha256 sends one signature only, so there the token before ends at once.
        """)

    @Argument(help: "The webhook's ID.") var id: String
    @Option(help: "The new token; one is made and shown once where it is left out.")
    var token: String?
    @Option(help: "For how many hours both sign, 0 to 168.") var overlapHours: Int?
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var options: SettingsOptions

    func validate() throws {
      guard (0...168).contains(overlapHours ?? 0) else {
        throw ValidationError("--overlap-hours must be 0 to 168.")
      }
    }

    func run() async throws {
      try await reporting {
        let rotated = try await options.load().openControlPlane().rotateToken(
          of: id, to: token, overlap: overlapHours.map { .seconds($0 * 3600) }, by: .commandLine)
        let made = token == nil ? rotated.token : nil
        if json { return try Output.json(WebhookView(rotated.webhook, token: made)) }
        print("rotated \(id)")
        if let made { print("token \(made.clearText)   (shown only now)") }
      }
    }
  }
}
