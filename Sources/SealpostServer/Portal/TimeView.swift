import SealpostCore

/// A time as people say it, with the exact one beside it.
struct TimeView: Sendable {
  let iso, exact, relative: String

  /// The time without its seconds, for sentences.
  var minute: String { exact.prefix(16) + " UTC" }

  init(_ time: Timestamp, now: Timestamp = .now()) {
    iso = time.iso8601
    exact = iso.replacing("T", with: " ").replacing("Z", with: " UTC")
    relative = Self.relative(time, now)
  }

  private static func relative(_ time: Timestamp, _ now: Timestamp) -> String {
    let seconds = (time - now).components.seconds
    let distance = abs(seconds)
    let amount =
      switch distance {
      case 0: "now"
      case ..<60: "\(distance) s"
      case ..<3600: "\(distance / 60) min"
      case ..<172_800: "\(distance / 3600) h"
      default: "\(distance / 86400) d"
      }
    if distance == 0 { return amount }
    return seconds < 0 ? "\(amount) ago" : "in \(amount)"
  }
}

extension Duration {
  /// A span as people say it: the two largest units at most.
  var spoken: String {
    let seconds = self / .seconds(1)
    switch seconds {
    case ..<60: return Self.plain(seconds) + " s"
    case ..<3600: return Self.plain(seconds / 60) + " min"
    case ..<86400: return Self.plain(seconds / 3600) + " h"
    default: return Self.plain(seconds / 86400) + " d"
    }
  }

  private static func plain(_ number: Double) -> String {
    let rounded = (number * 10).rounded() / 10
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}

/// Microseconds as people read them.
func spokenMicroseconds(_ microseconds: Int64) -> String {
  switch microseconds {
  case ..<1000: "\(microseconds) µs"
  case ..<10_000: "\(microseconds / 1000).\(microseconds % 1000 / 100) ms"
  case ..<1_000_000: "\(microseconds / 1000) ms"
  default: "\(microseconds / 1_000_000).\(microseconds % 1_000_000 / 100_000) s"
  }
}
