import HTTPTypes
import SealpostControl
import SealpostCore

/// The operation that brings events in.
enum EventOperations {
  static let all: [APIOperation] = [
    APIOperation(
      method: .post, path: "/v3/events", name: "publishEvents",
      summary:
        "Publishes one event, or up to 1,000 in an array, byte for byte as they come. Answered when the broker has all of them.",
      scope: .eventWrite, parameters: [.account],
      body: [
        "anyOf": [
          Schemas.reference("Event"),
          [
            "type": "array", "items": Schemas.reference("Event"), "minItems": 1, "maxItems": 1000,
          ],
        ]
      ],
      bodyLimit: 8 << 20,
      answer: .init(
        status: 202, description: "The identities under which the broker has them.",
        schema: Schemas.list(of: "PublishedEvent")),
      takesIdempotencyKey: true
    ) { call in
      let published = try await call.control.publish(
        call.body, account: call.query["account"], repeatKey: call.repeatKey, by: call.principal)
      return try APIAnswer(
        published.map { ["id": $0.id, "event": $0.name] }, status: .accepted)
    }
  ]
}
