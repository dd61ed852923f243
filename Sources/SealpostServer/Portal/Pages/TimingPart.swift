import SealpostCore

/// A part of a request in the drawing of its time: where its bar begins and how long it is, in thousandths of
/// the whole.
struct TimingPart {
  let part, took: String
  let start, length: Int
  let isDone: Bool

  /// The parts, from the look-up to the last byte.
  static func all(of timings: AttemptTimings) -> [TimingPart] {
    var begin: Int64 = 0
    let ends = [
      ("DNS", timings.dns), ("Connect", timings.connect), ("TLS", timings.tls),
      ("First byte", timings.firstByte), ("Last byte", timings.total),
    ]
    return ends.map { name, end in
      // Zero: it did not happen, on a connection that stood or where it broke before.
      guard end > 0, end >= begin else {
        return TimingPart(part: name, took: "–", start: 0, length: 0, isDone: false)
      }
      defer { begin = end }
      let whole = max(timings.total, 1)
      let length = max(4, (end - begin) * 1000 / whole)
      return TimingPart(
        part: name, took: spokenMicroseconds(end - begin),
        start: Int(min(begin * 1000 / whole, 1000 - length)), length: Int(length), isDone: true)
    }
  }
}
