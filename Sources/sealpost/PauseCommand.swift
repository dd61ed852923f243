import ArgumentParser
import SealpostControl

struct PauseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause",
    abstract: "Stops all deliveries of all workers; events stay with the broker.",
    discussion:
      "Workers notice within two seconds; what is in flight ends. `sealpost resume` goes on.")

  @OptionGroup var options: SettingsOptions

  func run() async throws {
    try await reporting {
      try await options.load().openControlPlane().setPaused(true, by: .commandLine)
      print("paused")
    }
  }
}

struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Goes on with deliveries after `sealpost pause`.")

  @OptionGroup var options: SettingsOptions

  func run() async throws {
    try await reporting {
      try await options.load().openControlPlane().setPaused(false, by: .commandLine)
      print("resumed")
    }
  }
}
