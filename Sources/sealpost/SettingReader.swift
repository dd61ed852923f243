import Configuration
import Foundation

/// Reads one setting at a time and says what is wrong with it: its name, what it is, what it ought to be.
struct SettingReader {
  private let config: ConfigReader

  init(_ config: ConfigReader) { self.config = config }

  /// The setting as it stands, nil where it is not set or empty.
  func text(_ name: String) -> String? {
    let value = config.string(
      forKey: ConfigKey(name.lowercased().split(separator: "_").map(String.init)), isSecret: true)
    return value?.isEmpty == false ? value : nil
  }

  /// The failure of a setting that is not what it ought to be.
  func refusal(_ name: String, _ expected: String, example: String) -> Failure {
    Failure(
      "\(name) is \"\(text(name) ?? "")\": it must be \(expected), such as \(name)=\(example).",
      exitCode: Failure.badSettings)
  }

  /// `250ms`, `5s`, `10m`, `24h`, `30d`.
  func duration(_ name: String, default standard: Duration) throws -> Duration {
    guard let text = text(name) else { return standard }
    let units: [(String, Int64)] = [
      ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]
    for (suffix, milliseconds) in units where text.hasSuffix(suffix) {
      if let number = Int64(text.dropLast(suffix.count)), (1...1_000_000).contains(number) {
        return .milliseconds(number * milliseconds)
      }
    }
    throw refusal(name, "a duration in ms, s, m, h or d", example: "5s")
  }

  /// `4096`, `256KiB`, `64MiB`, `1GiB`.
  func size(_ name: String, default standard: Int, range: ClosedRange<Int>) throws -> Int {
    guard let text = text(name) else { return standard }
    let units: [(String, Int)] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1)]
    for (suffix, bytes) in units where text.hasSuffix(suffix) {
      if let number = Int(text.dropLast(suffix.count)), number > 0, number <= range.upperBound {
        if range.contains(number * bytes) { return number * bytes }
      }
    }
    throw refusal(
      name, "a size from \(range.lowerBound) to \(range.upperBound) bytes", example: "256KiB")
  }

  func count(_ name: String, default standard: Int, range: ClosedRange<Int>) throws -> Int {
    guard let text = text(name) else { return standard }
    guard let number = Int(text), range.contains(number) else {
      throw refusal(
        name, "a whole number from \(range.lowerBound) to \(range.upperBound)",
        example: "\(standard)")
    }
    return number
  }

  func number(_ name: String, default standard: Double, range: ClosedRange<Double>) throws -> Double
  {
    guard let text = text(name) else { return standard }
    guard let number = Double(text), range.contains(number) else {
      throw refusal(
        name, "a number from \(range.lowerBound) to \(range.upperBound)", example: "\(standard)")
    }
    return number
  }

  func flag(_ name: String) throws -> Bool {
    switch text(name) {
    case nil, "false", "0": return false
    case "true", "1": return true
    default: throw refusal(name, "true or false", example: "true")
    }
  }

  /// A name for objects on the broker.
  func name(_ name: String, default standard: String) throws -> String {
    guard let text = text(name) else { return standard }
    guard text.utf8.count <= 100, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw refusal(name, "printable characters without spaces, at most 100", example: standard)
    }
    return text
  }
}
