import ArgumentParser
import SealpostControl
import SealpostStore

struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Sends many deliveries of a webhook again, each as a new run.",
    discussion: """
        sealpost replay --webhook ID --since 2026-01-31T12:00:00Z --dry-run
        sealpost replay --webhook ID --since 2026-01-31T12:00:00Z --outcome exhausted --rate 50
        sealpost replay --webhook ID --since 2026-01-31T12:00:00Z --outcome parked

      Deliveries are chosen by their last attempt. Workers carry it out, also after a restart.
      """)

  @Option(help: "The webhook's ID.") var webhook: String
  @Option(help: "Since when, a time such as 2026-01-31T12:00:00Z.") var since: String
  @Option(help: "Until when; now, where it is left out.") var until: String?
  @Option(help: "Only with this outcome, or parked.") var outcome: String?
  @Option(help: "Only of this event's name.") var event: String?
  @Option(help: "At most so many a second.") var rate: Int?
  @Flag(help: "Only count them.") var dryRun = false
  @OptionGroup var options: SettingsOptions

  func run() async throws {
    try await reporting {
      let control = try await options.load().openControlPlane()
      var input = ControlPlane.ReplayInput()
      input.since = since
      input.until = until
      input.outcome = outcome
      input.event = event
      input.rate = rate
      guard !dryRun else {
        let count = try await control.countReplay(ofWebhook: webhook, input, by: .commandLine)
        let more = count >= ControlPlane.mostCounted ? " or more" : ""
        return print("would send \(count)\(more) again")
      }
      let replay = try await control.replay(ofWebhook: webhook, input, by: .commandLine)
      print("replay \(replay.id): \(replay.expected) deliveries")
    }
  }
}
