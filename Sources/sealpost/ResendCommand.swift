import ArgumentParser
import SealpostControl
import SealpostStore

struct ResendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resend", abstract: "Sends the delivery of a log row again, as a new run.",
    discussion: "  sealpost resend 1742")

  @Argument(help: "The LOG ID, as `sealpost logs` shows it.") var logID: Int64
  @OptionGroup var options: SettingsOptions

  func run() async throws {
    try await reporting {
      let control = try await options.load().openControlPlane()
      let resend = try await control.resend(logID, by: .commandLine)
      print("sent again: \(resend.eventName) \(resend.eventID) as run \(resend.run)")
    }
  }
}
