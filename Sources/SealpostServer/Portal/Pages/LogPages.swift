import HTTPTypes
import SealpostControl
import SealpostCore
import SealpostStore

/// The event log: its list, its live tail, and the page of each attempt.
enum LogPages {
  private static let pageSize = 50
  private static let mostOfFile = 10_000

  private struct Choice {
    let id, label: String
    let isChosen: Bool
  }

  private struct List {
    let rows: [AttemptView]
    let hasRows, isFiltered: Bool
    let problem: String?
    let webhooks, outcomes, spans: [Choice]
    let event, status: Markup
    let livePath, csvPath, newestPath, olderPath: String?
    /// The row behind which the live tail begins.
    let liveAfter: Int64
  }

  private struct Rows {
    let rows: [AttemptView]
  }

  static let routes: [PortalRoute] = [
    .get("/log", list),
    .get("/log/rows") { visit in
      var filter = try LogForm(visit.query).filter()
      filter.after = visit.query["after"].flatMap { Int64($0) } ?? 0
      filter.isAscending = true
      filter.limit = pageSize
      // The page wants the newest first.
      return .part("log-rows", view: Rows(rows: try await rows(filter, visit).reversed()))
    },
    .get("/log/csv") { visit in
      .csv(
        try await visit.control.logCSV(
          try LogForm(visit.query).filter(), upTo: mostOfFile, by: visit.principal),
        name: "sealpost-log.csv")
    },
    .get("/log/{id}") { visit in
      let detail = try await visit.control.logEntry(
        try visit.rowID("log entry"), by: visit.principal)
      return .page(
        "log-entry", title: "\(detail.entry.eventName) \(detail.entry.outcome.name)", section: .log,
        view: try await LogEntryPage(detail, visit))
    },
    .post("/log/{id}/resend") { visit in
      let sent = try await visit.control.resend(
        try visit.rowID("log entry"), by: visit.principal)
      return .redirect(
        "/log?event=\(FormFields.encode(sent.eventID))",
        saying: "Sent again as run \(sent.run). It shows here in a moment.")
    },
  ]

  private static func list(_ visit: PortalVisit) async throws -> PortalAnswer {
    let form = LogForm(visit.query)
    let after = visit.query["after"].flatMap { Int64($0) }
    var found: [AttemptView] = []
    var problem: String?
    do {
      var filter = try form.filter()
      filter.after = after
      filter.limit = pageSize + 1
      found = try await rows(filter, visit)
    } catch {
      let failure = ControlError(error)
      guard failure.kind == .invalid else { throw failure }
      problem = failure.message
    }
    let shown = Array(found.prefix(pageSize))
    let older = found.count > pageSize ? shown.last : nil
    return .page(
      "log", title: "Event log", section: .log,
      view: List(
        rows: shown, hasRows: !shown.isEmpty, isFiltered: form.isFiltered, problem: problem,
        webhooks: try await webhooks(form, visit),
        outcomes: AttemptOutcome.allCases.map {
          Choice(id: $0.name, label: $0.name, isChosen: $0.name == form.outcome)
        },
        spans: LogForm.spans.map {
          Choice(id: "\($0.hours)", label: $0.label, isChosen: $0.hours == form.hours)
        },
        event: Markup(formValue: form.event ?? ""), status: Markup(formValue: form.status ?? ""),
        livePath: after == nil && problem == nil ? "/log/rows?" + visit.query.query() : nil,
        csvPath: shown.isEmpty ? nil : "/log/csv?" + visit.query.query(changing: "after"),
        newestPath: after == nil ? nil : "/log?" + visit.query.query(changing: "after"),
        olderPath: older.map { "/log?" + visit.query.query(changing: "after", to: "\($0.rowID)") },
        liveAfter: try await newest(shown, visit)),
      status: problem == nil ? .ok : .badRequest)
  }

  private static func rows(_ filter: LogFilter, _ visit: PortalVisit) async throws -> [AttemptView]
  {
    try await visit.control.log(filter, by: visit.principal).map {
      AttemptView($0, showsWebhook: true, showsAccount: visit.principal.isAdministrator)
    }
  }

  /// The newest row that is shown; where nothing matches, the newest there is, so that the tail does not
  /// search the whole log each time.
  private static func newest(_ shown: [AttemptView], _ visit: PortalVisit) async throws -> Int64 {
    if let row = shown.first { return row.rowID }
    var filter = LogFilter()
    filter.limit = 1
    return try await visit.control.log(filter, by: visit.principal).first?.id ?? 0
  }

  private static func webhooks(_ form: LogForm, _ visit: PortalVisit) async throws -> [Choice] {
    var filter = WebhookFilter()
    filter.limit = 200
    let found = try await visit.control.webhooks(filter, by: visit.principal)
    var choices = found.map {
      Choice(id: $0.id, label: $0.name, isChosen: $0.id == form.webhook)
    }
    // One that is deleted, or beyond those that are offered, stays chosen.
    if let chosen = form.webhook, !choices.contains(where: \.isChosen) {
      choices.append(Choice(id: chosen, label: chosen, isChosen: true))
    }
    return choices
  }
}
