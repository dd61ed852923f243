import Glibc

/// A place on a delivery's way at which the process ends itself, as a power cut would: for experiments that
/// show what is lost, and never set otherwise.
///
/// `SEALPOST_FAULT=after-log:50` ends it when the place is passed for the 50th time.
struct FaultPoint: Sendable {
  /// The places, in the order of a delivery.
  enum Place: String, CaseIterable, Sendable {
    case beforeSend = "before-send"
    case afterSend = "after-send"
    case beforeLog = "before-log"
    case afterLog = "after-log"
    case afterConfirm = "after-confirm"
  }

  private let place: Place
  private var left: Int

  /// Reads the setting's text; nil where it is none.
  init?(parsing text: String) {
    let parts = text.split(separator: ":")
    guard parts.count == 2, let place = Place(rawValue: String(parts[0])),
      let count = Int(parts[1]), count > 0
    else { return nil }
    self.place = place
    left = count
  }

  /// How long a lane holds a message before it gives it back, in nanoseconds, where an experiment wants another
  /// time than the usual one: `SEALPOST_FAULT=give-back:5` for five seconds.
  static func holdLimit(parsing text: String?) -> Int64? {
    guard let parts = text?.split(separator: ":"), parts.count == 2, parts[0] == "give-back",
      let seconds = Int64(parts[1]), (1...86_400).contains(seconds)
    else { return nil }
    return seconds * 1_000_000_000
  }

  /// Notes that a place is passed.
  mutating func pass(_ place: Place) {
    guard place == self.place else { return }
    left -= 1
    if left == 0 { kill(getpid(), SIGKILL) }
  }
}
