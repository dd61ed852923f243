import HTTPTypes
import SealpostControl
import SealpostCore
import SealpostStore

/// The operations on webhooks.
enum WebhookOperations {
  /// Room for all that a webhook may have: a client certificate with its key, headers, events.
  private static let bodyLimit = 256 << 10

  private static let sorts = WebhookFilter.Order.allCases.flatMap {
    [$0.rawValue, "-\($0.rawValue)"]
  }

  static let all: [APIOperation] = [
    APIOperation(
      method: .get, path: "/v3/webhooks", name: "listWebhooks", summary: "Lists webhooks.",
      scope: .webhookRead,
      parameters: [
        .page, .limit,
        .query(
          "sort", "What they are sorted by; a minus before it turns the order round.",
          ["type": "string", "enum": .list(sorts.map { .text($0) })]),
        .query("query", "Only those whose name or URL holds this text.", Schemas.text), .account,
      ],
      answer: .init(
        status: 200, description: "A page of webhooks.", schema: Schemas.list(of: "Webhook"))
    ) { call in
      var filter = WebhookFilter()
      (filter.offset, filter.limit) = try call.page()
      if let sort = call.query["sort"] {
        let name = sort.drop { $0 == "-" || $0 == "+" || $0 == " " }
        guard let order = WebhookFilter.Order(rawValue: String(name)) else {
          throw ControlError.invalid(
            "sort", "bad_sort", "It must be one of \(sorts.joined(separator: ", ")).")
        }
        filter.order = order
        filter.isDescending = sort.hasPrefix("-")
      }
      filter.text = call.query["query"]
      filter.account = call.query["account"]
      return try APIAnswer(
        try await call.control.webhooks(filter, by: call.principal).map { WebhookView($0) })
    },
    APIOperation(
      method: .post, path: "/v3/webhooks", name: "createWebhook",
      summary:
        "Adds a webhook. Its token is made where none is given, and shown in this answer alone.",
      scope: .webhookWrite, body: Schemas.reference("WebhookInput"),
      bodyLimit: bodyLimit,
      answer: .init(status: 201, description: "The webhook.", schema: Schemas.reference("Webhook")),
      takesIdempotencyKey: true
    ) { call in
      let created = try await call.control.createWebhook(try input(call), by: call.principal)
      return try APIAnswer(
        WebhookView(created.webhook, token: created.token), status: .created)
    },
    APIOperation(
      method: .get, path: "/v3/webhooks/events", name: "listEvents",
      summary: "The events of the catalogue, by group.", scope: .webhookRead,
      answer: .init(
        status: 200, description: "Names of events by group.",
        schema: [
          "type": "object", "additionalProperties": ["type": "array", "items": Schemas.text],
        ])
    ) { _ in
      try APIAnswer(
        Dictionary(uniqueKeysWithValues: EventCatalogue.groups.map { ($0.name, $0.events) }))
    },
    APIOperation(
      method: .get, path: "/v3/webhooks/{id}", name: "readWebhook", summary: "Reads a webhook.",
      scope: .webhookRead,
      parameters: [
        .webhookID,
        .query(
          "include",
          "`token` shows its token, `headers` the values of its headers: needs webhook:write and is audited.",
          ["type": "string", "enum": ["token", "headers"]]),
      ],
      answer: .init(status: 200, description: "The webhook.", schema: Schemas.reference("Webhook"))
    ) { call in
      let webhook = try await call.control.webhook(call.text("id"), by: call.principal)
      switch call.query["include"] {
      case nil: return try APIAnswer(WebhookView(webhook))
      case "token":
        let token = try await call.control.token(of: webhook.id, by: call.principal)
        return try APIAnswer(WebhookView(webhook, token: token))
      case "headers":
        let headers = try await call.control.headers(of: webhook.id, by: call.principal)
        return try APIAnswer(WebhookView(webhook, headers: headers))
      default:
        throw ControlError.invalid(
          "include", "bad_include", "Only `token` or `headers` can be included.")
      }
    },
    APIOperation(
      method: .patch, path: "/v3/webhooks/{id}", name: "updateWebhook",
      summary: "Changes what the body names.", scope: .webhookWrite, parameters: [.webhookID],
      body: Schemas.reference("WebhookChange"), bodyLimit: bodyLimit,
      answer: .init(status: 200, description: "The webhook.", schema: Schemas.reference("Webhook"))
    ) { call in
      let webhook = try await call.control.updateWebhook(
        call.text("id"), try input(call), by: call.principal)
      return try APIAnswer(WebhookView(webhook))
    },
    APIOperation(
      method: .delete, path: "/v3/webhooks/{id}", name: "deleteWebhook",
      summary: "Deletes a webhook. Deliveries that wait for it end.", scope: .webhookWrite,
      parameters: [.webhookID], answer: .init(status: 204, description: "It is gone.", schema: nil)
    ) { call in
      try await call.control.deleteWebhook(call.text("id"), by: call.principal)
      return .noContent
    },
  ]

  private static func input(_ call: APICall) throws -> WebhookInput {
    var fields = try JSONFields(call.body)
    var input = WebhookInput()
    input.account = call.text("id").isEmpty ? fields.text("account") : nil
    input.name = fields.text("name")
    input.url = fields.text("url")
    input.token = fields.text("token")
    input.events = fields.texts("events")
    input.scheme = fields.text("scheme")
    input.headers = fields.pairs("headers")
    input.active = fields.flag("active")
    var retry = RetryInput()
    let hasRetry = fields.object("retry") { fields in
      retry.initialSeconds = fields.number("initialSeconds")
      retry.factor = fields.number("factor")
      retry.maximumSeconds = fields.number("maximumSeconds")
      retry.maximumAttempts = fields.integer("maximumAttempts")
    }
    input.retry = hasRetry ? retry : nil
    input.timeout = fields.numberOrNull("timeout")
    var certificate: ClientCertificateInput?
    let hasCertificate = fields.object("clientCertificate") { fields in
      certificate = ClientCertificateInput(
        certificate: fields.text("certificate") ?? "", key: fields.text("key") ?? "")
    }
    input.clientCertificate = hasCertificate ? .some(certificate) : nil
    try fields.end()
    return input
  }
}
