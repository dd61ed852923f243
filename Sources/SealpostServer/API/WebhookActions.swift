import HTTPTypes
import SealpostControl
import SealpostCore
import SealpostStore

/// What is done with a webhook besides changing its parts.
enum WebhookActions {
  static let all: [APIOperation] = [
    APIOperation(
      method: .post, path: "/v3/webhooks/{id}/test", name: "testWebhook",
      summary: "Sends the webhook a sample of an event of the catalogue.", scope: .webhookWrite,
      parameters: [.webhookID],
      body: Schemas.object(["event": Schemas.text], required: [], isClosed: true),
      isBodyOptional: true,
      answer: .init(
        status: 202, description: "The sample is on its way.",
        schema: Schemas.reference("PublishedEvent"))
    ) { call in
      var fields = try JSONFields(call.body, allowsEmpty: true)
      let event = fields.text("event")
      try fields.end()
      let sent = try await call.control.sendTest(
        to: call.text("id"), event: event ?? "license.created", by: call.principal)
      return try APIAnswer(["id": sent.id, "event": sent.name], status: .accepted)
    },
    APIOperation(
      method: .post, path: "/v3/webhooks/{id}/rotate-token", name: "rotateToken",
      summary:
        "Gives the webhook a new token. The one before it signs beside it, for a day unless told otherwise; under hmac-sha256, which sends one signature, it ends at once.",
      scope: .webhookWrite, parameters: [.webhookID],
      body: Schemas.object(
        [
          "token": ["type": "string", "minLength": 1, "maxLength": 512],
          "overlapSeconds": ["type": "integer", "minimum": 0, "maximum": 604_800],
        ], required: [], isClosed: true),
      isBodyOptional: true,
      answer: .init(
        status: 200, description: "The webhook with its new token.",
        schema: Schemas.reference("Webhook")),
      takesIdempotencyKey: true
    ) { call in
      var fields = try JSONFields(call.body, allowsEmpty: true)
      let token = fields.text("token")
      let overlap = fields.integer("overlapSeconds")
      try fields.end()
      let rotated = try await call.control.rotateToken(
        of: call.text("id"), to: token, overlap: overlap.map { .seconds($0) }, by: call.principal)
      return try APIAnswer(WebhookView(rotated.webhook, token: rotated.token))
    },
    plain("pause", "pauseWebhook", "Holds its deliveries back until it is resumed.") {
      try await $0.control.pauseWebhook($0.text("id"), by: $0.principal)
    },
    plain("resume", "resumeWebhook", "Goes on with a webhook that was paused or suspended.") {
      try await $0.control.resumeWebhook($0.text("id"), by: $0.principal)
    },
  ]

  private static func plain(
    _ action: String, _ name: String, _ summary: String,
    _ work: @escaping @Sendable (APICall) async throws -> Webhook
  ) -> APIOperation {
    APIOperation(
      method: .post, path: "/v3/webhooks/{id}/\(action)", name: name, summary: summary,
      scope: .webhookWrite, parameters: [.webhookID],
      answer: .init(status: 200, description: "The webhook.", schema: Schemas.reference("Webhook"))
    ) { call in try APIAnswer(WebhookView(try await work(call))) }
  }
}
