import ArgumentParser
import SealpostStore

struct ResendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resend", abstract: "Sends the delivery of a log row again, as a new run.",
    discussion: "  sealpost resend 1742")

  @Argument(help: "The LOG ID, as `sealpost logs` shows it.") var logID: Int64
  @OptionGroup var options: SettingsOptions

  func run() async throws {
    try await reporting {
      let settings = try await options.load()
      let broker = try settings.broker
      let resend = try await settings.openStore().newRun(ofAttempt: logID)
      try await blocking { try Publishing.send(resend, broker: broker) }
      print("sent again: \(resend.eventName) \(resend.eventID) as run \(resend.run)")
    }
  }
}
