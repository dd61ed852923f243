import SealpostCore
public import SealpostStore

/// Rows of the log as CSV (RFC 4180), for tables that people work with.
public enum LogCSV {
  /// The line of titles, with its end.
  public static let titles = line([
    "id", "sentAt", "receivedAt", "account", "webhookId", "webhook", "url", "eventId", "event",
    "run", "attempt", "trigger", "outcome", "status", "reason", "nextAttemptAt", "remoteAddress",
    "totalMicroseconds",
  ])

  /// The line of a row, with its end.
  public static func line(_ row: LogEntry) -> String {
    line([
      "\(row.id)", row.sentAt.iso8601, row.receivedAt?.iso8601 ?? "", row.account, row.webhookID,
      row.webhookName, row.url, row.eventID, row.eventName, "\(row.run)", "\(row.number)",
      row.trigger.name, row.outcome.name, row.status == 0 ? "" : "\(row.status)",
      row.reason?.id ?? "", row.nextAttemptAt?.iso8601 ?? "", row.remoteAddress ?? "",
      "\(row.timings.total)",
    ])
  }

  private static func line(_ fields: [String]) -> String {
    fields.map(field).joined(separator: ",") + "\r\n"
  }

  /// A field. What a spreadsheet would take for a formula begins with an apostrophe, and what controls a
  /// terminal or turns the direction of writing is an escape, so there are no line breaks in it.
  static func field(_ text: String) -> String {
    // Scalar by scalar: a mark that combines with a sign must not hide it.
    let isFormula =
      text.unicodeScalars.first.map { "=+-@\t\r".unicodeScalars.contains($0) } ?? false
    let shown = (isFormula ? "'" : "") + Inert.text(text)
    guard shown.utf8.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: ",") }) else {
      return shown
    }
    var quoted = "\""
    for scalar in shown.unicodeScalars {
      if scalar == "\"" { quoted += "\"" }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }
}
