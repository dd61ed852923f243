import Foundation
import SealpostControl
import SealpostCore

/// What commands print.
enum Output {
  /// Prints values as JSON, for machines.
  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: Inert.json([UInt8](try encoder.encode(value))), as: UTF8.self))
  }

  /// Prints a value as one line of JSON.
  static func jsonLine(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: Inert.json([UInt8](try encoder.encode(value))), as: UTF8.self))
    flush()
  }

  /// Says something that is not the command's result.
  static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  /// Shows progress on one line, where a person looks at it.
  static func progress(_ text: String) {
    guard isatty(STDERR_FILENO) == 1 else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[K\(text)".utf8))
  }

  /// Writes out what is buffered, where somebody waits for each line.
  static func flush() { fflush(nil) }

  /// A time as people say it.
  static func relative(_ time: Timestamp, now: Timestamp = .now()) -> String {
    let seconds = (time - now).components.seconds
    let distance = abs(seconds)
    let amount =
      switch distance {
      case 0: "now"
      case ..<120: "\(distance) s"
      case ..<7200: "\(distance / 60) min"
      case ..<172_800: "\(distance / 3600) h"
      default: "\(distance / 86400) d"
      }
    if distance == 0 { return amount }
    return seconds < 0 ? "\(amount) ago" : "in \(amount)"
  }
}
