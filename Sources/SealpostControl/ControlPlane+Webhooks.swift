import Foundation
public import SealpostCore
import SealpostSigning
public import SealpostStore

extension ControlPlane {
  /// A webhook and its token in clear text, for the one answer that may hold it.
  public struct WebhookWithToken: Sendable {
    /// The webhook.
    public var webhook: Webhook
    /// Its current token.
    public var token: WebhookToken
  }

  /// The webhooks that match. An administrator's filter names an account, or none for all.
  public func webhooks(_ filter: WebhookFilter, by principal: Principal) async throws -> [Webhook] {
    try principal.require(.webhookRead)
    var filter = filter
    filter.account = try principal.account(named: filter.account)
    return try await store.webhooks(filter)
  }

  /// One webhook.
  public func webhook(_ id: String, by principal: Principal) async throws -> Webhook {
    try principal.require(.webhookRead)
    return try await find(id, principal)
  }

  /// Adds a webhook. Its token is made where none is given.
  public func createWebhook(_ input: WebhookInput, by principal: Principal) async throws
    -> WebhookWithToken
  {
    try principal.require(.webhookWrite)
    let account = try principal.account(named: input.account) ?? AccountID.default
    let rules = WebhookRules(settings: settings)
    var faults = FieldFaults()
    let name = faults.check("name") { try rules.name(input.name ?? "") }
    let url = faults.check("url") { try rules.url(input.url ?? "") }
    let events = faults.check("events") { try rules.events(input.events ?? []) }
    let scheme = faults.check("scheme") {
      try rules.scheme(input.scheme ?? SignatureScheme.hmacSHA256.rawValue)
    }
    let token = faults.check("token") {
      try rules.token(input.token, scheme ?? .hmacSHA256)
    }
    let headers = faults.check("headers") { try rules.headers(input.headers ?? []) }
    let retry = faults.check("retry") { try input.retry.flatMap { try rules.retry($0) } }
    let timeout = faults.check("timeout") {
      try (input.timeout ?? nil).map { try rules.timeout($0) }
    }
    let certificate = faults.check("clientCertificate") {
      try (input.clientCertificate ?? nil).map { try rules.clientCertificate($0) }
    }
    try faults.throwIfAny()
    guard let name, let url, let events, let scheme, let token, let headers, let retry, let timeout,
      let certificate
    else {
      throw ControlError(.failed, "internal_error", "A fault was not noted.")
    }
    let draft = WebhookDraft(
      account: account, name: name, url: url, scheme: scheme, token: token, events: events,
      headers: headers, retry: retry, timeout: timeout, clientCertificate: certificate,
      isActive: input.active ?? true)
    let webhook = try await noting(
      "webhook.create", draft.id, account: account, by: principal, url.withoutQuery
    ).create(draft, most: settings.quotas.webhooks)
    return WebhookWithToken(webhook: webhook, token: token)
  }

  /// Changes what the input names. A token given ends the one before it at once; `rotateToken` lets both live.
  public func updateWebhook(_ id: String, _ input: WebhookInput, by principal: Principal)
    async throws -> Webhook
  {
    try principal.require(.webhookWrite)
    let current = try await find(id, principal)
    let rules = WebhookRules(settings: settings)
    var faults = FieldFaults()
    var change = WebhookChange()
    if let account = input.account, account != current.account {
      faults.add("account", "cannot_change", "A webhook stays with its account.")
    }
    if let name = input.name { change.name = faults.check("name") { try rules.name(name) } }
    if let url = input.url { change.url = faults.check("url") { try rules.url(url) } }
    if let events = input.events {
      change.events = faults.check("events") { try rules.events(events) }
    }
    if let scheme = input.scheme {
      change.scheme = faults.check("scheme") { try rules.scheme(scheme) }
    }
    let scheme = change.scheme ?? current.scheme
    if let token = input.token {
      change.token = faults.check("token") { try rules.token(token, scheme) }
    } else if scheme != current.scheme {
      // The token that is there must be able to sign by the new scheme.
      _ = faults.check("token") { try WebhookSigner(scheme: scheme, tokens: current.tokens) }
    }
    if let headers = input.headers {
      change.headers = faults.check("headers") {
        try rules.headers(headers, known: current.headers)
      }
    }
    if let retry = input.retry {
      change.retry = .some(faults.check("retry") { try rules.retry(retry) } ?? nil)
    }
    if let timeout = input.timeout {
      change.timeout = .some(
        faults.check("timeout") { try timeout.map { try rules.timeout($0) } } ?? nil)
    }
    if let certificate = input.clientCertificate {
      change.clientCertificate = .some(
        faults.check("clientCertificate") {
          try certificate.map { try rules.clientCertificate($0) }
        }
          ?? nil)
    }
    try faults.throwIfAny()
    change.isActive = input.active
    // Its owner says that it is to be tried again.
    if input.active == true { change.health = .healthy }
    return try await noting(
      "webhook.update", id, account: current.account, by: principal,
      Self.changedParts(input).joined(separator: ", ")
    ).update(id, change)
  }

  /// Deletes a webhook. Deliveries that wait for it end.
  public func deleteWebhook(_ id: String, by principal: Principal) async throws {
    try principal.require(.webhookWrite)
    let webhook = try await find(id, principal)
    try await noting(
      "webhook.delete", id, account: webhook.account, by: principal, webhook.name
    ).delete(id)
  }

  /// Gives a webhook a new token. The one before it signs beside it until the overlap is over, where the
  /// scheme can carry two signatures.
  ///
  /// - Parameter overlap: nil for a day where two signatures can be sent, else none.
  public func rotateToken(
    of id: String, to text: String?, overlap: Duration? = nil, by principal: Principal
  ) async throws -> WebhookWithToken {
    try principal.require(.webhookWrite)
    let current = try await find(id, principal)
    var faults = FieldFaults()
    let rules = WebhookRules(settings: settings)
    let token = faults.check("token") {
      try rules.token(text, current.scheme)
    }
    let overlap = overlap ?? (current.scheme.carriesTwoSignatures ? .seconds(86400) : .zero)
    if overlap < .zero || overlap > .seconds(7 * 86400) {
      faults.add("overlapSeconds", "bad_overlap", "It must be 0 to 604800: at most seven days.")
    } else if overlap > .zero, !current.scheme.carriesTwoSignatures {
      faults.add(
        "overlapSeconds", "bad_overlap",
        "\(current.scheme.rawValue) sends one signature only, so the token before ends at once: leave it out, or change the scheme to standard."
      )
    }
    try faults.throwIfAny()
    var change = WebhookChange()
    change.token = token
    if overlap > .zero, !current.tokens.isEmpty { change.overlapUntil = .now() + overlap }
    let webhook = try await noting(
      "webhook.rotate_token", id, account: current.account, by: principal
    ).update(id, change)
    return WebhookWithToken(webhook: webhook, token: token ?? WebhookToken(""))
  }

  /// A webhook's token in clear text. That it was read is in the audit log before it is given.
  public func token(of id: String, by principal: Principal) async throws -> WebhookToken {
    try principal.require(.webhookWrite)
    let webhook = try await find(id, principal)
    guard let token = webhook.tokens.first else {
      throw ControlError(
        .conflict, "token_unreadable",
        "The stored token cannot be read with the secret key that is set: give a new one.")
    }
    try await note("webhook.read_token", id, account: webhook.account, by: principal)
    return token
  }

  /// A webhook's own headers with their values. That they were read is in the audit log before they are given.
  public func headers(of id: String, by principal: Principal) async throws -> [WebhookHeader] {
    try principal.require(.webhookWrite)
    let webhook = try await find(id, principal)
    try await note("webhook.read_headers", id, account: webhook.account, by: principal)
    return webhook.headers
  }

  /// Holds a webhook's deliveries back.
  public func pauseWebhook(_ id: String, by principal: Principal) async throws -> Webhook {
    try principal.require(.webhookWrite)
    let webhook = try await find(id, principal)
    var change = WebhookChange()
    change.isPaused = true
    return try await noting("webhook.pause", id, account: webhook.account, by: principal)
      .update(id, change)
  }

  /// Goes on with a webhook that was paused or suspended.
  public func resumeWebhook(_ id: String, by principal: Principal) async throws -> Webhook {
    try principal.require(.webhookWrite)
    let webhook = try await find(id, principal)
    var change = WebhookChange()
    change.isPaused = false
    change.health = .healthy
    return try await noting("webhook.resume", id, account: webhook.account, by: principal)
      .update(id, change)
  }

  /// Stops or goes on with all deliveries of all workers.
  public func setPaused(_ isPaused: Bool, by principal: Principal) async throws {
    try principal.require(.webhookWrite)
    try principal.requireAdministrator()
    try await noting(
      isPaused ? "deliveries.pause" : "deliveries.resume", "", account: nil, by: principal
    ).setPaused(isPaused)
  }

  /// The webhook, where the principal may see it.
  func find(_ id: String, _ principal: Principal) async throws -> Webhook {
    let webhook = try await store.webhook(id)
    try principal.see(webhook.account, "webhook \(id)")
    return webhook
  }

  private static func changedParts(_ input: WebhookInput) -> [String] {
    [
      ("name", input.name != nil), ("url", input.url != nil), ("token", input.token != nil),
      ("events", input.events != nil), ("scheme", input.scheme != nil),
      ("headers", input.headers != nil), ("retry", input.retry != nil),
      ("timeout", input.timeout != nil), ("clientCertificate", input.clientCertificate != nil),
      ("active", input.active != nil),
    ].filter(\.1).map(\.0)
  }
}
