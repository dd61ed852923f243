import Logging

extension Settings {
  /// Where log messages go, and which: to standard error, as lines for people or as JSON.
  var logger: Logger {
    get throws {
      let level = reader.text("SEALPOST_LOG_LEVEL") ?? "info"
      guard let level = Logger.Level(rawValue: level) else {
        throw reader.refusal(
          "SEALPOST_LOG_LEVEL", "one of debug, info, warning, error", example: "info")
      }
      var logger: Logger
      switch reader.text("SEALPOST_LOG_FORMAT") ?? "text" {
      case "text":
        logger = Logger(label: "sealpost") { StreamLogHandler.standardError(label: $0) }
      case "json": logger = Logger(label: "sealpost") { _ in JSONLogHandler() }
      default:
        throw reader.refusal("SEALPOST_LOG_FORMAT", "text or json", example: "json")
      }
      logger.logLevel = level
      return logger
    }
  }
}
