import Foundation
import Logging
import SealpostControl
import SealpostCore

/// Writes each log message as one line of JSON to standard error: `time`, `level`, `message`, and what goes
/// with it under `fields`.
struct JSONLogHandler: LogHandler {
  var logLevel = Logger.Level.info
  var metadata = Logger.Metadata()
  var metadataProvider: Logger.MetadataProvider?

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var fields = metadata
    fields.merge(metadataProvider?.get() ?? [:]) { $1 }
    fields.merge(event.metadata ?? [:]) { $1 }
    if let error = event.error { fields["error"] = "\(error)" }
    let line = Self.line(
      at: .now(), level: event.level, message: "\(event.message)", fields: fields)
    // In one piece, so that lines of several threads do not mix.
    FileHandle.standardError.write(Data(line))
  }

  /// The line, with its end.
  static func line(
    at time: Timestamp, level: Logger.Level, message: String, fields: Logger.Metadata
  ) -> [UInt8] {
    let members = [
      ("time", quoted(time.iso8601)), ("level", quoted(level.rawValue)),
      ("message", quoted(message)), ("fields", object(fields)),
    ]
    let json = "{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    return Inert.json(Array(json.utf8)) + [UInt8(ascii: "\n")]
  }

  private static func object(_ fields: Logger.Metadata) -> String {
    let members = fields.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(value($0.value))" }
    return "{" + members.joined(separator: ",") + "}"
  }

  private static func value(_ value: Logger.Metadata.Value) -> String {
    switch value {
    case .string(let text): quoted(text)
    case .stringConvertible(let value): quoted("\(value)")
    case .array(let values): "[" + values.map(Self.value).joined(separator: ",") + "]"
    case .dictionary(let fields): object(fields)
    }
  }

  private static func quoted(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    // Text can always be encoded.
    return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }
}
