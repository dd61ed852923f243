import ArgumentParser
import Configuration
import SystemPackage

/// Where settings come from: the environment, then the file of `--config`.
struct SettingsOptions: ParsableArguments {
  @Option(help: "A file of NAME=value lines; the environment wins over it.")
  var config: String?

  /// Reads the settings.
  func load() async throws -> Settings {
    var providers: [any ConfigProvider] = [EnvironmentVariablesProvider()]
    if let config {
      do {
        providers.append(
          try await EnvironmentVariablesProvider(environmentFilePath: FilePath(config)))
      } catch {
        throw Failure("--config \(config) cannot be read: \(error)", exitCode: Failure.badSettings)
      }
    }
    return Settings(reader: SettingReader(ConfigReader(providers: providers)))
  }
}
