import Foundation

/// How text stands out on the terminal: with colors and fine bars where it can show them.
struct TerminalStyle {
  private static let eighths: [Character] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

  private let hasColor: Bool
  private let hasBlocks: Bool

  /// What the environment says of the terminal (locale(7), https://no-color.org).
  init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    hasColor = environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }
      .first { !$0.isEmpty }
    hasBlocks = (locale ?? "").uppercased().replacing("-", with: "").contains("UTF8")
  }

  /// A heading.
  func title(_ text: String) -> String { code("1", text) }

  /// What matters less.
  func aside(_ text: String) -> String { code("2", text) }

  /// What somebody should look at.
  func alarm(_ text: String) -> String { code("31", text) }

  /// Text without characters that the terminal cannot show.
  func plain(_ text: String) -> String { hasBlocks ? text : text.replacing("…", with: "..") }

  /// A bar whose full width stands for `most`; whatever is not nothing can be seen.
  func bar(_ amount: Int, of most: Int, width: Int) -> String {
    guard amount > 0, most > 0 else { return String(repeating: " ", count: width) }
    let eighths = max(1, min(width * 8, Int(Double(amount) / Double(most) * Double(width * 8))))
    let (whole, rest) = eighths.quotientAndRemainder(dividingBy: 8)
    var bar: String
    if hasBlocks {
      bar = String(repeating: "█", count: whole)
      if rest > 0 { bar.append(Self.eighths[rest]) }
    } else {
      bar = String(repeating: "#", count: max(1, whole))
    }
    return bar + String(repeating: " ", count: width - bar.count)
  }

  private func code(_ code: String, _ text: String) -> String {
    hasColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
