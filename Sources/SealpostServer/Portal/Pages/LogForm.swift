import SealpostControl
import SealpostCore
import SealpostStore

/// The filters of the event log, as the form has them.
struct LogForm {
  /// How far back the form offers to look, in hours.
  static let spans: [(hours: Int, label: String)] = [
    (1, "hour"), (24, "day"), (168, "week"), (720, "30 days"),
  ]
  /// A question that looks at more rows than this is refused, so that one reader does not slow the others.
  private static let effort = QueryEffort(time: .seconds(2), rows: 40_000)

  let webhook, outcome, event, status: String?
  let hours: Int

  init(_ query: FormFields) {
    webhook = query.filled("webhook")
    outcome = query.filled("outcome")
    event = query.filled("event")
    status = query.filled("status")
    let asked = query["span"].flatMap { Int($0) }
    hours = Self.spans.first { $0.hours == asked }?.hours ?? 168
  }

  /// Whether it asks for anything but the last week.
  var isFiltered: Bool {
    webhook != nil || outcome != nil || event != nil || status != nil || hours != 168
  }

  /// What it asks for.
  func filter() throws(ControlError) -> LogFilter {
    var filter = LogFilter()
    filter.effort = Self.effort
    filter.webhook = webhook
    filter.sentFrom = .now() + .seconds(-hours * 3600)
    if let outcome {
      guard let known = AttemptOutcome(name: outcome) else {
        throw .invalid("Outcome", "bad_outcome", "There is no outcome \"\(outcome)\".")
      }
      filter.outcome = known
    }
    if let event {
      // An identity has no dot, and names nearly always do.
      if event.contains(".") { filter.eventName = event } else { filter.event = event }
    }
    if let status { filter.status = try Self.statuses(status.lowercased()) }
    return filter
  }

  private static func statuses(_ text: String) throws(ControlError) -> ClosedRange<Int> {
    if text == "none" { return 0...0 }
    if text.count == 3, text.hasSuffix("xx"), let digit = Int(text.prefix(1)), digit > 0 {
      return digit * 100...digit * 100 + 99
    }
    guard let status = Int(text), (1...999).contains(status) else {
      throw .invalid(
        "Status", "bad_status", "Give a code such as 500, a class such as 4xx, or none.")
    }
    return status...status
  }
}
