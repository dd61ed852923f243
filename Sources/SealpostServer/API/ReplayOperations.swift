import HTTPTypes
import SealpostControl
import SealpostCore
import SealpostStore

/// The operations on replays of a webhook.
enum ReplayOperations {
  private static let path = "/v3/webhooks/{id}/replays"
  private static let replayID = APIParameter.path("replay", "The replay's id.", Schemas.text)

  static let all: [APIOperation] = [
    APIOperation(
      method: .post, path: path, name: "createReplay",
      summary:
        "Sends deliveries of the webhook again, each as a new run: those whose last attempt was in a span of time. With dryRun it only counts them.",
      scope: .webhookWrite, parameters: [.webhookID], body: Schemas.reference("ReplayInput"),
      answer: .init(
        status: 202, description: "The replay, or with dryRun the count.",
        schema: ["anyOf": [Schemas.reference("Replay"), Schemas.reference("ReplayCount")]]),
      takesIdempotencyKey: true
    ) { call in
      struct Count: Encodable {
        let count: Int
        let atLeast: Bool
      }
      var fields = try JSONFields(call.body)
      var input = ControlPlane.ReplayInput()
      input.since = fields.text("since")
      input.until = fields.text("until")
      input.outcome = fields.text("outcome")
      input.event = fields.text("event")
      input.rate = fields.integer("rate")
      let isDry = fields.flag("dryRun") ?? false
      try fields.end()
      guard isDry else {
        let replay = try await call.control.replay(
          ofWebhook: call.text("id"), input, by: call.principal)
        return try APIAnswer(ReplayView(replay), status: .accepted)
      }
      let count = try await call.control.countReplay(
        ofWebhook: call.text("id"), input, by: call.principal)
      return try APIAnswer(
        Count(count: count, atLeast: count >= ControlPlane.mostCounted), status: .accepted)
    },
    APIOperation(
      method: .get, path: path, name: "listReplays",
      summary: "Lists the webhook's last replays, newest first.", scope: .webhookRead,
      parameters: [.webhookID, .limit],
      answer: .init(status: 200, description: "Replays.", schema: Schemas.list(of: "Replay"))
    ) { call in
      let replays = try await call.control.replays(
        ofWebhook: call.text("id"),
        limit: try call.query.integer("limit", in: 1...100, default: 20), by: call.principal)
      return try APIAnswer(replays.map(ReplayView.init))
    },
    APIOperation(
      method: .get, path: "\(path)/{replay}", name: "readReplay",
      summary: "Tells how far a replay has come.", scope: .webhookRead,
      parameters: [.webhookID, replayID],
      answer: .init(status: 200, description: "The replay.", schema: Schemas.reference("Replay"))
    ) { call in
      try APIAnswer(
        ReplayView(
          try await call.control.replay(
            call.text("replay"), ofWebhook: call.text("id"), by: call.principal)))
    },
    APIOperation(
      method: .post, path: "\(path)/{replay}/cancel", name: "cancelReplay",
      summary: "Ends a replay. What is in the backlog already goes out.", scope: .webhookWrite,
      parameters: [.webhookID, replayID],
      answer: .init(status: 200, description: "The replay.", schema: Schemas.reference("Replay"))
    ) { call in
      try APIAnswer(
        ReplayView(
          try await call.control.cancelReplay(
            call.text("replay"), ofWebhook: call.text("id"), by: call.principal)))
    },
  ]
}
