import ArgumentParser
import Foundation
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
      """)

  @Flag(help: "Keep showing new rows.") var follow = false
  @Option(help: "Only of this webhook's ID.") var webhook: String?
  @Option(help: "Only of this event's ID.") var event: String?
  @Option(help: "Only of this account.") var account: String?
  @Option(help: "Only with this outcome: delivered, retry, gone, blocked, discarded, exhausted.")
  var outcome: String?
  @Option(help: "How many rows.") var limit = 20
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var options: SettingsOptions

  func validate() throws {
    guard outcome == nil || AttemptOutcome(name: outcome ?? "") != nil else {
      throw ValidationError(
        "--outcome must be one of \(AttemptOutcome.allCases.map(\.name).joined(separator: ", ")).")
    }
    guard (1...1_000_000).contains(limit) else {
      throw ValidationError("--limit must be 1 to 1000000.")
    }
  }

  func run() async throws {
    try await reporting {
      let store = try await options.load().openStore()
      var filter = LogFilter()
      filter.account = account
      filter.webhook = webhook
      filter.event = event
      filter.outcome = outcome.flatMap { AttemptOutcome(name: $0) }
      filter.limit = limit
      let rows = try await store.attempts(filter)
      if json, !follow { return try Output.json(rows.map(LogView.init)) }
      try show(rows.reversed(), withTitles: true)
      guard follow else { return }
      filter.after = rows.first?.id ?? 0
      while !Task.isCancelled {
        let more = try await store.attempts(filter)
        try show(more, withTitles: false)
        filter.after = more.last?.id ?? filter.after
        try await Task.sleep(for: .milliseconds(500))
      }
    }
  }

  private func show(_ rows: [LogEntry], withTitles: Bool) throws {
    if json {
      for row in rows { try Output.jsonLine(LogView(row)) }
      return
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

/// A row of the log as JSON.
struct LogView: Encodable {
  let id: Int64
  let account, eventId, event, webhookId, webhook: String
  let run, attempt: Int
  let trigger, url, sentAt: String
  let receivedAt: String?
  let status: Int?
  let outcome: String
  let reason, reasonText, nextAttemptAt, remoteAddress: String?
  let timings: Timings
  let response: Response?

  struct Timings: Encodable {
    let dnsMicroseconds, connectMicroseconds, tlsMicroseconds, firstByteMicroseconds,
      totalMicroseconds: Int64
  }

  struct Response: Encodable {
    let headers, body: String
  }

  init(_ row: LogEntry) {
    id = row.id
    account = row.account
    eventId = row.eventID
    event = row.eventName
    webhookId = row.webhookID
    webhook = row.webhookName
    run = row.run
    attempt = row.number
    trigger = row.trigger.name
    url = row.url
    sentAt = row.sentAt.iso8601
    receivedAt = row.receivedAt?.iso8601
    status = row.status == 0 ? nil : row.status
    outcome = row.outcome.name
    reason = row.reason?.id
    reasonText = row.reason?.sentence
    nextAttemptAt = row.nextAttemptAt?.iso8601
    remoteAddress = row.remoteAddress
    timings = Timings(
      dnsMicroseconds: row.timings.dns, connectMicroseconds: row.timings.connect,
      tlsMicroseconds: row.timings.tls, firstByteMicroseconds: row.timings.firstByte,
      totalMicroseconds: row.timings.total)
    response = row.response.map {
      Response(
        headers: String(decoding: $0.headers, as: UTF8.self),
        body: String(decoding: $0.body, as: UTF8.self))
    }
  }
}
