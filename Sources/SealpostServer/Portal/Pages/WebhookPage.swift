import SealpostControl
import SealpostCore
import SealpostSigning
import SealpostStore

/// What the page of a webhook shows.
struct WebhookPage {
  /// Its last attempts, which the page keeps fresh.
  struct LastAttempts {
    private static let count = 10

    let path: String
    let hasAttempts: Bool
    let attempts: [AttemptView]

    init(_ webhook: Webhook, _ visit: PortalVisit) async throws {
      path = "/webhooks/\(webhook.id)"
      var filter = LogFilter()
      filter.webhook = webhook.id
      filter.limit = Self.count
      attempts = try await visit.control.log(filter, by: visit.principal).map {
        AttemptView($0, showsWebhook: false, showsAccount: false)
      }
      hasAttempts = !attempts.isEmpty
    }
  }

  let id, path, name, url, scheme, tokenText, timeoutText, retryText: String
  let events, headers, publicKeys, samples: [String]
  let hasHeaders, hasPublicKeys: Bool
  let status: StateView
  let switchAction, switchLabel: String
  let isSwitchPrimary: Bool
  let clientCertificateText: String?
  let trouble: String?
  let troubleKind: String
  let revealed: String?
  let updatedAt: TimeView
  let hasAttempts: Bool
  let attempts: [AttemptView]

  init(_ webhook: Webhook, _ visit: PortalVisit) async throws {
    id = webhook.id
    path = "/webhooks/\(webhook.id)"
    name = webhook.name
    url = webhook.url.text
    scheme = webhook.scheme.rawValue
    tokenText = webhook.tokens.isEmpty ? "cannot be read" : "••••••••••••"
    timeoutText = (webhook.timeout ?? visit.control.settings.deliveryTimeout).spoken
    retryText = Self.retries(webhook.retry ?? visit.control.settings.retry)
    events = webhook.events.map(\.text)
    headers = webhook.headers.map { "\($0.name): ••••••••" }
    hasHeaders = !headers.isEmpty
    publicKeys = VerifyingKey.keys(of: webhook).map(\.text)
    hasPublicKeys = !publicKeys.isEmpty
    samples = EventCatalogue.groups.flatMap(\.events)
    status = StateView(webhook)
    (switchAction, switchLabel) = Self.control(webhook)
    isSwitchPrimary = webhook.isActive && webhook.health == .suspended
    (trouble, troubleKind) = Self.trouble(webhook)
    clientCertificateText = webhook.clientCertificate.map(WebhookFormView.text)
    revealed = visit.sessions.takeRevealed(visit.sessionKey, webhook: webhook.id)?.clearText
    updatedAt = TimeView(webhook.updatedAt)
    let last = try await LastAttempts(webhook, visit)
    hasAttempts = last.hasAttempts
    attempts = last.attempts
  }

  /// A retry policy in a line.
  static func retries(_ policy: RetryPolicy) -> String {
    guard policy.maximumAttempts > 1 else { return "none: one attempt" }
    return
      "\(policy.maximumAttempts) attempts, the second after \(policy.initial.spoken), then ×\(plain(policy.factor)) up to \(policy.maximumDelay.spoken)"
  }

  private static func plain(_ number: Double) -> String {
    number == number.rounded() ? "\(Int(number))" : "\(number)"
  }

  private static func control(_ webhook: Webhook) -> (action: String, label: String) {
    if !webhook.isActive { return ("activate", "Activate") }
    if webhook.health == .suspended { return ("resume", "Reactivate") }
    return webhook.isPaused ? ("resume", "Resume") : ("pause", "Pause")
  }

  private static func trouble(_ webhook: Webhook) -> (text: String?, kind: String) {
    let since = webhook.healthSince.map { " since \(TimeView($0).minute)" } ?? ""
    if let fault = webhook.fault {
      return ("\(fault) Its deliveries are parked until it is edited.", "bad")
    }
    if !webhook.hasReadableSecrets {
      let what = webhook.tokens.isEmpty ? "token" : "client certificate"
      return (
        "Its \(what) cannot be read with the key that is set, so its deliveries are parked: replace the \(what).",
        "bad"
      )
    }
    if !webhook.isActive {
      return ("It is switched off: its deliveries are parked for seven days.", "idle")
    }
    switch webhook.health {
    case .suspended:
      return (
        "It failed for so long that its deliveries are parked\(since). Mend the receiver, send a test, then reactivate it; parked deliveries can be replayed.",
        "bad"
      )
    case .unhealthy:
      return (
        "Its last attempts failed\(since). Deliveries go on; look below at what the receiver answers.",
        "fair"
      )
    case .healthy:
      return webhook.isPaused
        ? ("It is paused: its deliveries wait, and go when you resume it.", "idle") : (nil, "")
    }
  }
}
