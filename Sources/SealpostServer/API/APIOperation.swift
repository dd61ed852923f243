import HTTPTypes
import SealpostCore

/// One operation of the API: what its route, its checks and its description are made from.
struct APIOperation: Sendable {
  /// What may come back.
  struct Answer: Sendable {
    let status: Int
    let description: String
    let schema: JSONValue?
  }

  var method: HTTPRequest.Method
  /// With parameters in braces.
  var path: String
  /// The name that clients generate functions from.
  var name: String
  var summary: String
  /// What the token must allow.
  var scope: AccessScope
  var parameters: [APIParameter] = []
  var body: JSONValue?
  /// Whether the body may be left out.
  var isBodyOptional = false
  /// How many bytes of a body are read.
  var bodyLimit = 64 << 10
  var answer: Answer
  /// Whether a client may repeat it safely with the same `Idempotency-Key`.
  var takesIdempotencyKey = false
  var handle: @Sendable (APICall) async throws -> APIAnswer
}
