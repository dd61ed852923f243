import ArgumentParser
import SealpostStore

struct MigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Brings the store's schema up to date.",
    discussion: "Every command does so when it opens the store; this one does nothing else.")

  @OptionGroup var options: SettingsOptions

  func run() async throws {
    try await reporting {
      let store = try await options.load().openStore()
      let versions = try await store.schemaVersions()
      print("\(store.location) is at \(versions.last ?? "nothing")")
    }
  }
}
