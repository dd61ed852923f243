import SealpostCore
import SealpostStore

/// The shapes of what goes in and out, as JSON Schema (2020-12) has them.
enum Schemas {
  static let text: JSONValue = ["type": "string"]
  static let time: JSONValue = ["type": "string", "format": "date-time"]
  static let count: JSONValue = ["type": "integer", "minimum": 0]
  private static let rate: JSONValue = [
    "type": "number", "minimum": 0, "description": "Missing before two looks at the queue.",
  ]

  /// A reference to a shape of `components`.
  static func reference(_ name: String) -> JSONValue {
    ["$ref": .text("#/components/schemas/\(name)")]
  }

  static func list(of name: String) -> JSONValue {
    ["type": "array", "items": reference(name)]
  }

  /// The shapes that others refer to.
  static let components: [String: JSONValue] = [
    "Error": object(
      [
        "message": text, "code": text,
        "fields": [
          "type": "array",
          "items": object(
            ["field": text, "code": text, "message": text], required: ["field", "code", "message"]),
        ],
      ], required: ["message", "code"]),
    "Webhook": object(
      webhook.merging([
        "id": text, "account": text, "status": text, "health": text, "paused": ["type": "boolean"],
        "fault": [
          "type": "string",
          "description":
            "Why the stored settings cannot be used and its deliveries are parked: send those parts anew.",
        ],
        "healthSince": time, "createdAt": time, "updatedAt": time,
        "publicKeys": [
          "type": "array", "items": object(["kid": text, "key": text], required: ["kid", "key"]),
        ],
        "clientCertificate": object(["subject": text, "expiresAt": time], required: []),
      ]) { $1 },
      required: [
        "id", "account", "name", "url", "events", "scheme", "headers", "active", "status",
        "createdAt", "updatedAt",
      ]),
    "WebhookInput": object(
      webhook.merging(["account": APIParameter.account.schema]) { $1 },
      required: ["name", "url", "events"], isClosed: true),
    "WebhookChange": object(webhook, required: [], isClosed: true),
    "LogEntry": logEntry, "LogDetail": logEntry,
    "Event": object(
      [
        "event": [
          "type": "string", "pattern": #"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$"#, "maxLength": 128,
        ],
        "data": ["type": "object"], "triggeredAt": time,
        "id": ["type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$"],
      ], required: ["event", "data", "triggeredAt"]),
    "PublishedEvent": object(["id": text, "event": text], required: ["id", "event"]),
    "Resend": object(
      ["eventId": text, "event": text, "webhookId": text, "run": count],
      required: ["eventId", "event", "webhookId", "run"]),
    "ReplayInput": object(
      replay.merging([
        "dryRun": ["type": "boolean", "description": "Only count what would be sent."]
      ]) { $1 }, required: ["since"], isClosed: true),
    "Replay": object(
      replay.merging([
        "id": text, "account": text, "webhookId": text, "state": oneOf(Replay.State.allCases),
        "expected": count, "queued": count, "createdAt": time, "endedAt": time,
      ]) { $1 },
      required: ["id", "webhookId", "since", "until", "state", "expected", "queued", "createdAt"]),
    "ReplayCount": object(
      ["count": count, "atLeast": ["type": "boolean"]], required: ["count", "atLeast"]),
    "SignInLink": object(["path": text, "expiresAt": time], required: ["path", "expiresAt"]),
    "Queue": object(
      [
        "queue": text, "messages": count, "consumers": count,
        "oldestAgeSeconds": [
          "type": "number", "minimum": 0,
          "description": "For how long the message at the head has been there, at most.",
        ],
        "inPerSecond": rate, "outPerSecond": rate,
      ],
      required: ["queue", "messages", "consumers", "oldestAgeSeconds"]),
    "DeadDelivery": object(
      [
        "id": count, "account": text, "eventId": text, "event": text, "webhookId": text,
        "webhook": text, "state": oneOf(BacklogState.allCases), "reason": text, "since": time,
        "run": count, "attempt": count,
      ],
      required: ["id", "account", "eventId", "event", "webhookId", "webhook", "state", "since"]),
    "RejectedMessage": object(
      [
        "id": count, "account": text, "reason": text, "detail": text, "messageId": text,
        "receivedAt": time, "bytes": count,
        "body": ["type": "string", "contentEncoding": "base64"],
      ], required: ["id", "reason", "detail", "receivedAt", "bytes", "body"]),
    "AuditEntry": object(
      [
        "id": count, "account": text, "actor": text, "action": text, "subject": text,
        "detail": text, "at": time,
      ], required: ["id", "actor", "action", "subject", "detail", "at"]),
  ]

  private static let webhook: [String: JSONValue] = [
    "name": ["type": "string", "minLength": 1, "maxLength": 200, "examples": ["crm"]],
    "url": ["type": "string", "maxLength": 2048, "examples": ["https://crm.example.com/hook"]],
    "token": ["type": "string", "minLength": 1, "maxLength": 512],
    "events": [
      "type": "array", "minItems": 1, "maxItems": 200, "examples": [["license.*", "user.created"]],
      "items": [
        "type": "string", "pattern": #"^(\*|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?)$"#,
        "maxLength": 128,
      ],
    ],
    "scheme": oneOf(SignatureScheme.allCases),
    "headers": [
      "type": "object", "additionalProperties": text, "maxProperties": 20,
      "description":
        "Values are shown as <hidden>; one that is sent so stays what it was.",
    ],
    "retry": [
      "type": ["object", "null"], "additionalProperties": false,
      "properties": [
        "initialSeconds": ["type": "number"], "factor": ["type": "number"],
        "maximumSeconds": ["type": "number"], "maximumAttempts": ["type": "integer"],
      ],
    ],
    "timeout": [
      "type": ["number", "null"], "minimum": 1,
      "description": "Seconds that a receiver has to answer; null for the operator's limit.",
    ],
    "clientCertificate": [
      "type": ["object", "null"], "additionalProperties": false, "writeOnly": true,
      "required": ["certificate", "key"],
      "properties": [
        "certificate": ["type": "string", "maxLength": 32768],
        "key": ["type": "string", "maxLength": 32768],
      ],
      "description":
        "A certificate that is shown to a receiver that asks for one, with those that signed it, and its private key, in PEM. Answers hold its subject and when it expires, never the key.",
    ],
    "active": ["type": "boolean"],
  ]

  private static let replay: [String: JSONValue] = [
    "since": ["type": "string", "format": "date-time", "examples": ["2026-01-31T12:00:00Z"]],
    "until": time,
    "outcome": [
      "type": "string", "enum": .list(AttemptOutcome.allCases.map { .text($0.name) } + ["parked"]),
    ],
    "event": [
      "type": "string", "pattern": #"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$"#, "maxLength": 128,
    ],
    "rate": ["type": "integer", "minimum": 1, "maximum": 10_000],
  ]

  private static let logEntry = object(
    [
      "id": count, "account": text, "eventId": text, "event": text, "webhookId": text,
      "webhook": text, "run": count, "attempt": count, "trigger": text, "url": text, "sentAt": time,
      "receivedAt": time, "status": count, "outcome": text, "reason": text, "reasonText": text,
      "nextAttemptAt": time, "remoteAddress": text, "requestBody": text,
      "timings": object(
        [
          "dnsMicroseconds": count, "connectMicroseconds": count, "tlsMicroseconds": count,
          "firstByteMicroseconds": count, "totalMicroseconds": count,
        ], required: []),
      "response": object(["headers": text, "body": text], required: ["headers", "body"]),
    ],
    required: [
      "id", "account", "eventId", "event", "webhookId", "webhook", "run", "attempt", "trigger",
      "url",
      "sentAt", "outcome", "timings",
    ])

  static func object(
    _ properties: [String: JSONValue], required: [String], isClosed: Bool = false
  ) -> JSONValue {
    var schema: [String: JSONValue] = ["type": "object", "properties": .object(properties)]
    if !required.isEmpty { schema["required"] = .list(required.map { .text($0) }) }
    if isClosed { schema["additionalProperties"] = false }
    return .object(schema)
  }

  static func oneOf<Value: RawRepresentable>(_ values: [Value]) -> JSONValue
  where Value.RawValue == String {
    ["type": "string", "enum": .list(values.map { .text($0.rawValue) })]
  }
}
