import SealpostBroker
import SealpostControl
import SealpostCore

/// The depth of some queues over the last hour, drawn.
struct DepthChart {
  private static let width = 600.0
  private static let height = 96.0
  private static let longest = Duration.seconds(3600)
  private static let shortest = Duration.seconds(300)

  let chartTitle, chartHint, now, peakText, startText: String
  let drawing: Markup

  /// - Parameter counts: whether a queue of that name belongs to it.
  init(
    _ title: String, hint: String, _ history: [QueueMonitor.Sample], end: Timestamp,
    counts: (String) -> Bool
  ) {
    let points = history.map { sample in
      (
        at: sample.at,
        depth: sample.depths.reduce(0) { $0 + (counts($1.queue) ? $1.messages : 0) }
      )
    }.filter { end - $0.at <= Self.longest }
    // A process that runs for less than an hour has no more to show.
    let span = max(Self.shortest, points.first.map { end - $0.at } ?? Self.longest)
    let peak = points.map(\.depth).max() ?? 0
    chartTitle = title
    chartHint = hint
    now = points.last.map { "\($0.depth)" } ?? "–"
    peakText = points.isEmpty ? "no samples yet" : "highest \(peak)"
    let minutes = Int((span / .seconds(60)).rounded())
    startText = minutes == 60 ? "1 h ago" : "\(minutes) min ago"
    drawing = Self.draw(points, end: end, span: span, most: Double(max(peak, 1)))
  }

  private static func draw(
    _ points: [(at: Timestamp, depth: Int)], end: Timestamp, span: Duration, most: Double
  ) -> Markup {
    let places = points.map { point in
      (
        x: tenths(max(0, width * (1 - (end - point.at) / span))),
        y: tenths(height - 1 - Double(point.depth) / most * (height - 8))
      )
    }
    let line = places.map { "\($0.x),\($0.y)" }.joined(separator: " ")
    var shape = ""
    if let first = places.first, let last = places.last {
      shape =
        "<polygon class=\"area\" points=\"\(first.x),\(height) \(line) \(last.x),\(height)\"/>"
        + "<polyline class=\"line\" points=\"\(line)\"/>"
    }
    let grid = [0.25, 0.5, 0.75].map {
      "<line class=\"grid\" x1=\"\(width * $0)\" x2=\"\(width * $0)\" y1=\"0\" y2=\"\(height)\"/>"
    }.joined()
    return Markup(
      "<svg class=\"depth\" viewBox=\"0 0 \(width) \(height)\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\(grid)\(shape)</svg>"
    )
  }

  private static func tenths(_ number: Double) -> Double { (number * 10).rounded() / 10 }
}
