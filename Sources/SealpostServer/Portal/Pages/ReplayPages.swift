import HTTPTypes
import SealpostControl
import SealpostCore
import SealpostStore

/// Sending many deliveries of a webhook again.
enum ReplayPages {
  private struct Choice {
    let label: String
    let isChosen: Bool
  }

  private struct Row {
    let replayID: String
    let replayState: StateView
    let canCancel: Bool
    let expected, queued: Int
    let progressText, which: String
    let begunAt: TimeView
  }

  private struct Rows {
    let path: String
    let replays: [Row]
    let hasReplays, isRunning: Bool
  }

  private struct Page {
    let path, name: String
    let fields: [FieldView]
    let outcomes: [Choice]
    let problem, countText: String?
    let replays: [Row]
    let hasReplays, isRunning: Bool
  }

  static let routes: [PortalRoute] = [
    .get("/webhooks/{id}/replays") { visit in try await page(visit) },
    .get("/webhooks/{id}/replays/rows") { visit in
      .part("replay-rows", view: try await rows(visit))
    },
    .post("/webhooks/{id}/replays") { visit in
      do {
        let input = try input(visit.form)
        guard visit.form["do"] == "replay" else {
          let count = try await visit.control.countReplay(
            ofWebhook: visit.text("id"), input, by: visit.principal)
          return try await page(visit, count: count)
        }
        let replay = try await visit.control.replay(
          ofWebhook: visit.text("id"), input, by: visit.principal)
        return .redirect(
          "/webhooks/\(visit.text("id"))/replays",
          saying: "\(replay.expected) deliveries are sent again. It goes on by itself.")
      } catch {
        let failure = ControlError(error)
        guard !failure.fields.isEmpty || failure.kind == .conflict else { throw failure }
        return try await page(visit, error: failure)
      }
    },
    .post("/webhooks/{id}/replays/{replay}/cancel") { visit in
      _ = try await visit.control.cancelReplay(
        visit.text("replay"), ofWebhook: visit.text("id"), by: visit.principal)
      return .redirect(
        "/webhooks/\(visit.text("id"))/replays",
        saying: "Cancelled. What was queued already goes out.")
    },
  ]

  private static func input(_ form: FormFields) throws(ControlError) -> ControlPlane.ReplayInput {
    var input = ControlPlane.ReplayInput()
    input.since = form.filled("since").map(time)
    input.until = form.filled("until").map(time)
    input.outcome = form.filled("outcome")
    input.event = form.filled("event")
    if let text = form.filled("rate") {
      guard let rate = Int(text) else {
        throw .invalid("rate", "bad_rate", "\"\(text)\" is no whole number.")
      }
      input.rate = rate
    }
    return input
  }

  /// What browsers send for a local time, as ISO 8601 in UTC.
  private static func time(_ text: String) -> String {
    switch text.count {
    case 16: text + ":00Z"
    case 19, 23: text + "Z"
    default: text
    }
  }

  private static func rows(_ visit: PortalVisit) async throws -> Rows {
    let replays = try await visit.control.replays(ofWebhook: visit.text("id"), by: visit.principal)
    let rows = replays.map { replay in
      let which = [
        "\(TimeView(replay.selection.since).minute) to \(TimeView(replay.selection.until).minute)",
        replay.selection.outcome?.name, replay.selection.eventName,
        replay.rate.map { "at most \($0)/s" },
      ].compactMap { $0 }.joined(separator: ", ")
      let expected = max(replay.expected, replay.queued)
      return Row(
        replayID: replay.id, replayState: StateView(replay.state),
        canCancel: replay.state == .running && visit.mayWrite, expected: max(expected, 1),
        queued: replay.state == .done && expected == 0 ? 1 : replay.queued,
        progressText: "\(replay.queued) of \(expected)", which: which,
        begunAt: TimeView(replay.createdAt))
    }
    return Rows(
      path: "/webhooks/\(visit.text("id"))", replays: rows, hasReplays: !rows.isEmpty,
      isRunning: replays.contains { $0.state == .running })
  }

  private static func page(_ visit: PortalVisit, count: Int? = nil, error: ControlError? = nil)
    async throws -> PortalAnswer
  {
    let webhook = try await visit.control.webhook(visit.text("id"), by: visit.principal)
    let rows = try await rows(visit)
    let known = Dictionary(
      (error?.fields ?? []).map { ($0.field, $0.message) }, uniquingKeysWith: { one, _ in one })
    let form = visit.form
    let yesterday = String((Timestamp.now() + .seconds(-86400)).iso8601.prefix(16))
    let fields = [
      FieldView(
        "since", "Since, UTC", form["since"] ?? yesterday,
        hint: "Last sent, or parked, then or later.",
        fault: known["since"], type: "datetime-local"),
      FieldView(
        "until", "Until, UTC", form["until"] ?? "", hint: "Now, where it is empty.",
        fault: known["until"], type: "datetime-local", isOptional: true),
      FieldView(
        "event", "Event", form["event"] ?? "", hint: "Only of this name.", fault: known["event"],
        isOptional: true, placeholder: "license.created"),
      FieldView(
        "rate", "Deliveries a second", form["rate"] ?? "",
        hint: "As many as the receiver takes, where it is empty.", fault: known["rate"],
        isOptional: true, inputMode: "numeric"),
    ]
    let outcomes = AttemptOutcome.allCases.map(\.name) + ["parked"]
    let countText = count.map { count in
      count == 0
        ? "Nothing matches: no delivery would be sent again."
        : "\(count >= ControlPlane.mostCounted ? "At least " : "")\(count) \(count == 1 ? "delivery" : "deliveries") would be sent again."
    }
    return .page(
      "replays", title: "Replay \(webhook.name)", section: .webhooks,
      view: Page(
        path: rows.path, name: webhook.name, fields: fields,
        outcomes: outcomes.map { Choice(label: $0, isChosen: $0 == form["outcome"]) },
        problem: error.map { $0.fields.isEmpty ? $0.message : "Mend the fields below first." },
        countText: countText, replays: rows.replays, hasReplays: rows.hasReplays,
        isRunning: rows.isRunning),
      status: error == nil ? .ok : .unprocessableContent)
  }
}
