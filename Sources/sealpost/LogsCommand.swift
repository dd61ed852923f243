import ArgumentParser
import Foundation
import SealpostControl
import SealpostCore
import SealpostStore

struct LogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs", abstract: "Shows the event log: a row for each attempt.",
    discussion: """
        sealpost logs
        sealpost logs --outcome retry --webhook ID
        sealpost logs --follow
        sealpost logs --event evt_1 --json
        sealpost logs --limit 10000 --csv > log.csv
      """)

  @Flag(help: "Keep showing new rows.") var follow = false
  @Option(help: "Only of this webhook's ID.") var webhook: String?
  @Option(help: "Only of this event's ID.") var event: String?
  @Option(help: "Only of this account.") var account: String?
  @Option(help: "Only with this outcome: delivered, retry, gone, blocked, discarded, exhausted.")
  var outcome: String?
  @Option(help: "How many rows.") var limit = 20
  @Flag(help: "Print JSON.") var json = false
  @Flag(help: "Print CSV.") var csv = false
  @OptionGroup var options: SettingsOptions

  func validate() throws {
    guard outcome == nil || AttemptOutcome(name: outcome ?? "") != nil else {
      throw ValidationError(
        "--outcome must be one of \(AttemptOutcome.allCases.map(\.name).joined(separator: ", ")).")
    }
    guard !json || !csv else { throw ValidationError("Give --json or --csv, not both.") }
    guard (1...1_000_000).contains(limit) else {
      throw ValidationError("--limit must be 1 to 1000000.")
    }
  }

  func run() async throws {
    try await reporting {
      let control = try await options.load().openControlPlane()
      var filter = LogFilter()
      filter.account = account
      filter.webhook = webhook
      filter.event = event
      filter.outcome = outcome.flatMap { AttemptOutcome(name: $0) }
      filter.limit = limit
      filter.sentFrom = Timestamp(nanoseconds: 0)
      if csv, !follow {
        return print(
          try await control.logCSV(filter, upTo: limit, by: .commandLine), terminator: "")
      }
      let rows = try await control.log(filter, by: .commandLine)
      if json, !follow { return try Output.json(rows.map { LogView($0) }) }
      try show(rows.reversed(), withTitles: true)
      guard follow else { return }
      var follower = LogFollower(filter, of: control, showing: rows)
      while !Task.isCancelled {
        try show(try await follower.next(), withTitles: false)
        try await Task.sleep(for: .milliseconds(500))
      }
    }
  }

  private func show(_ rows: [LogEntry], withTitles: Bool) throws {
    if json {
      for row in rows { try Output.jsonLine(LogView(row)) }
      return
    }
    if csv {
      print((withTitles ? LogCSV.titles : "") + rows.map(LogCSV.line).joined(), terminator: "")
      return Output.flush()
    }
    var table = Table(
      "LOG ID", "SENT", "EVENT", "EVENT ID", "WEBHOOK", "ATTEMPT", "STATUS", "TOOK", "OUTCOME",
      "REASON", "NEXT ATTEMPT")
    for row in rows {
      table.add(
        "\(row.id)", Output.relative(row.sentAt), row.eventName, row.eventID, row.webhookName,
        row.run == 0 ? "\(row.number)" : "\(row.number) (run \(row.run))",
        row.status == 0 ? "-" : "\(row.status)", "\(row.timings.total / 1000) ms", row.outcome.name,
        row.reason?.id ?? "", row.nextAttemptAt.map { Output.relative($0) } ?? "")
    }
    let text = table.text(whenEmpty: withTitles && !follow ? "No attempts yet." : "")
    guard !text.isEmpty else { return }
    print(withTitles ? text : text.split(separator: "\n").dropFirst().joined(separator: "\n"))
    Output.flush()
  }
}
