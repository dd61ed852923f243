import HTTPTypes
import SealpostControl
import SealpostCore
import SealpostStore

/// Reads the filters of the event log: `status[eq]=500`, `sentAt[gte]=2026-01-31T12:00:00Z`.
enum LogFilterReader {
  static let link = HTTPField.Name("Link") ?? .location
  /// A question that looks at more rows than this is refused, so that one client does not slow the others.
  private static let effort = QueryEffort(time: .seconds(2), rows: 60_000)
  private static let comparisons = ["eq", "ne", "gt", "gte", "lt", "lte"]

  static let parameters: [APIParameter] =
    [
      .query("webhookId[eq]", "Of this webhook.", Schemas.text),
      .query("eventId[eq]", "Of the event of this id.", Schemas.text),
      .query("event[eq]", "Of the event of this name.", Schemas.text),
      .query("outcome[eq]", "With this outcome.", names(AttemptOutcome.allCases.map(\.name))),
      .query("trigger[eq]", "Made for this reason.", names(AttemptTrigger.allCases.map(\.name))),
      .query("reason[eq]", "With this reason, such as http_500.", Schemas.text),
    ]
    + comparisons.map {
      .query(
        "status[\($0)]", "Whose status code compares so; 0 is none.",
        ["type": "integer", "minimum": 0, "maximum": 999])
    }
    + ["gt", "gte", "lt", "lte"].map {
      .query("sentAt[\($0)]", "Sent at such a time.", Schemas.time)
    }

  /// The filter that a call asks for.
  static func filter(_ call: APICall) throws(ControlError) -> LogFilter {
    var filter = LogFilter()
    filter.effort = effort
    (filter.offset, filter.limit) = try call.page()
    filter.after = try call.query.id("after")
    if filter.after != nil, filter.offset > 0 {
      throw .invalid("page", "page_with_after", "Give `page` or `after`, not both.")
    }
    switch call.query["sort"] {
    case nil, "-id": break
    case "id", "+id", " id": filter.isAscending = true
    default: throw .invalid("sort", "bad_sort", "The log is sorted by `id` or `-id` only.")
    }
    filter.account = call.query["account"]
    filter.webhook = call.query["webhookId[eq]"]
    filter.event = call.query["eventId[eq]"]
    filter.eventName = call.query["event[eq]"]
    filter.outcome = try named("outcome[eq]", call, AttemptOutcome.allCases, \.name)
    filter.trigger = try named("trigger[eq]", call, AttemptTrigger.allCases, \.name)
    if let id = call.query["reason[eq]"] {
      guard let reason = AttemptReason(id: id) else {
        throw .invalid("reason[eq]", "bad_reason", "There is no reason \"\(id)\".")
      }
      filter.reason = reason
    }
    try readStatus(call, &filter)
    try readTimes(call, &filter)
    return filter
  }

  private static func readStatus(_ call: APICall, _ filter: inout LogFilter) throws(ControlError) {
    func status(_ comparison: String) throws(ControlError) -> Int? {
      let name = "status[\(comparison)]"
      guard call.query[name] != nil else { return nil }
      return try call.query.integer(name, in: 0...999, default: 0)
    }
    var lowest = 0
    var highest = 999
    if let equal = try status("eq") { (lowest, highest) = (equal, equal) }
    if let bound = try status("gt") { lowest = max(lowest, bound + 1) }
    if let bound = try status("gte") { lowest = max(lowest, bound) }
    if let bound = try status("lt") { highest = min(highest, bound - 1) }
    if let bound = try status("lte") { highest = min(highest, bound) }
    filter.otherStatus = try status("ne")
    guard lowest <= highest else {
      throw .invalid("status", "empty_range", "No status code is in this range.")
    }
    if lowest > 0 || highest < 999 { filter.status = lowest...highest }
  }

  private static func readTimes(_ call: APICall, _ filter: inout LogFilter) throws(ControlError) {
    func time(_ comparison: String, plus nanoseconds: Int64 = 0) throws(ControlError) -> Timestamp?
    {
      let name = "sentAt[\(comparison)]"
      guard let text = call.query[name] else { return nil }
      guard let time = Timestamp(iso8601: text) else {
        throw .invalid(name, "bad_time", "Give a time such as 2026-01-31T12:00:00Z.")
      }
      return Timestamp(nanoseconds: time.nanoseconds + nanoseconds)
    }
    filter.sentFrom = [try time("gt", plus: 1), try time("gte")].compactMap { $0 }.max()
    filter.sentBefore = [try time("lte", plus: 1), try time("lt")].compactMap { $0 }.min()
    if let from = filter.sentFrom, let before = filter.sentBefore, from >= before {
      throw .invalid("sentAt", "empty_range", "No time is in this range.")
    }
  }

  private static func named<Value>(
    _ name: String, _ call: APICall, _ values: [Value], _ text: (Value) -> String
  ) throws(ControlError) -> Value? {
    guard let given = call.query[name] else { return nil }
    guard let value = values.first(where: { text($0) == given }) else {
      throw .invalid(
        name, "bad_value", "It must be one of \(values.map(text).joined(separator: ", ")).")
    }
    return value
  }

  private static func names(_ names: [String]) -> JSONValue {
    ["type": "string", "enum": .list(names.map { .text($0) })]
  }
}
