import SealpostControl
import SealpostCore

/// What the form of a webhook shows.
struct WebhookFormView {
  struct Fault {
    let anchor, sentence: String
  }

  struct Group {
    struct Name {
      let event: String
      let isChosen: Bool
    }

    let group, pattern, countText: String
    let isPatternChosen, isOpen: Bool
    let names: [Name]
  }

  struct Scheme {
    let scheme, schemeText: String
    let isChosen: Bool
  }

  let heading, action, backPath, backLabel, saveLabel, tokenHint: String
  let isEdit: Bool
  let problem: String?
  let faults: [Fault]
  let hasFaults: Bool
  let nameField, urlField: FieldView
  let tokenValue: Markup
  let tokenFault, eventsFault, schemeFault, headersFault, retryFault: String?
  let isEverything: Bool
  let groups: [Group]
  let patterns: Markup
  let isActive: Bool
  let isMoreOpen: Bool
  let schemes: [Scheme]
  let headers: Markup
  let timeoutField: FieldView
  let clientCertificate, clientKey: Markup
  let clientCertificateText, clientCertificateFault: String?
  let retryFields: [FieldView]

  init(
    _ form: WebhookForm, error: ControlError?, webhook: Webhook?, settings: ControlSettings
  ) {
    let known = Dictionary(
      (error?.fields ?? []).map { ($0.field, $0.message) }, uniquingKeysWith: { one, _ in one })
    isEdit = webhook != nil
    heading = webhook.map { "Edit \($0.name)" } ?? "Add webhook"
    action = webhook.map { "/webhooks/\($0.id)" } ?? "/webhooks"
    backPath = action
    backLabel = webhook?.name ?? "Webhooks"
    saveLabel = isEdit ? "Save" : "Add webhook"
    faults = (error?.fields ?? []).map {
      Fault(anchor: $0.field, sentence: "\(Self.label($0.field)): \($0.message)")
    }
    hasFaults = !faults.isEmpty
    problem = error.map {
      $0.fields.isEmpty ? $0.message : "Nothing was saved. Mend this first:"
    }
    nameField = FieldView(
      "name", "Name", form.name, hint: "What you call it.", fault: known["name"])
    urlField = FieldView(
      "url", "URL", form.url, hint: "Where deliveries are posted: http or https, a public address.",
      fault: known["url"], isMono: true, placeholder: "https://example.com/hooks/licenses",
      inputMode: "url")
    tokenValue = Markup(formValue: form.token)
    tokenHint =
      isEdit
      ? "Leave it empty to keep the one that is there. A new one holds at once."
      : "The secret that signs deliveries. Leave it empty and one is made; it is shown once."
    tokenFault = known["token"]
    eventsFault = known["events"]
    schemeFault = known["scheme"]
    headersFault = known["headers"]
    retryFault = known["retry"].map(Self.retrySentence)
    isEverything = form.events.contains("*")
    let catalogue = EventCatalogue.groups
    groups = catalogue.map { Self.group($0, form.events) }
    let offered = Set(catalogue.flatMap { $0.events + ["\($0.name).*"] } + ["*"])
    patterns = Markup(
      formValue: form.events.filter { !offered.contains($0) }.joined(separator: ", "))
    isActive = form.isActive
    isMoreOpen =
      !form.headers.isEmpty || !form.retry.isEmpty || form.scheme != "hmac-sha256"
      || !form.timeout.isEmpty
      || !form.clientCertificate.isEmpty || !form.clientKey.isEmpty
      || ["scheme", "headers", "timeout", "retry", "clientCertificate"].contains {
        known[$0] != nil
      }
      || WebhookForm.retryNames.contains { known[$0] != nil }
    schemes = SignatureScheme.allCases.map {
      Scheme(
        scheme: $0.rawValue, schemeText: Self.text($0), isChosen: $0.rawValue == form.scheme)
    }
    headers = Markup(formValue: form.headers)
    timeoutField = FieldView(
      "timeout", "Time-out (s)", form.timeout, hint: "How long the receiver may take to answer.",
      fault: known["timeout"], isOptional: true,
      placeholder: WebhookForm.plain(settings.deliveryTimeout / .seconds(1)), inputMode: "decimal")
    clientCertificate = Markup(formValue: form.clientCertificate)
    clientKey = Markup(formValue: form.clientKey)
    clientCertificateText = webhook?.clientCertificate.map(Self.text)
    clientCertificateFault = known["clientCertificate"]
    retryFields = Self.retryFields(form, known, settings.retry)
  }

  private static func group(_ group: EventCatalogue.Group, _ chosen: [String]) -> Group {
    let pattern = "\(group.name).*"
    let count = group.events.count { chosen.contains($0) }
    let isAll = chosen.contains(pattern)
    return Group(
      group: group.name, pattern: pattern,
      countText: isAll
        ? "all" : count == 0 ? "\(group.events.count)" : "\(count) of \(group.events.count)",
      isPatternChosen: isAll, isOpen: count > 0 || isAll,
      names: group.events.map { .init(event: $0, isChosen: chosen.contains($0)) })
  }

  private static func retryFields(
    _ form: WebhookForm, _ known: [String: String], _ standard: RetryPolicy
  ) -> [FieldView] {
    let texts: [(String, String, String, String)] = [
      (
        "initialSeconds", "First delay (s)", WebhookForm.plain(standard.initial / .seconds(1)),
        "Before the second attempt."
      ),
      (
        "factor", "Factor", WebhookForm.plain(standard.factor),
        "By what each further one is longer."
      ),
      (
        "maximumSeconds", "Longest delay (s)",
        WebhookForm.plain(standard.maximumDelay / .seconds(1)), "No delay is longer."
      ),
      ("maximumAttempts", "Attempts", "\(standard.maximumAttempts)", "Then it is set aside."),
    ]
    return texts.map { id, label, standard, hint in
      FieldView(
        id, label, form.retry[id] ?? "", hint: hint, fault: known[id], placeholder: standard,
        inputMode: "decimal")
    }
  }

  private static func label(_ field: String) -> String {
    switch field {
    case "url": "URL"
    case "initialSeconds": "First delay"
    case "maximumSeconds": "Longest delay"
    case "maximumAttempts": "Attempts"
    case "timeout": "Time-out"
    case "clientCertificate": "Client certificate"
    case "retry": "Retries"
    default: field.prefix(1).uppercased() + field.dropFirst()
    }
  }

  /// The names of fields as the form has them.
  private static func retrySentence(_ text: String) -> String {
    ["initialSeconds", "factor", "maximumSeconds", "maximumAttempts"].reduce(text) {
      $0.replacing($1, with: label($1))
    }
  }

  /// A client certificate in a line.
  static func text(_ certificate: ClientCertificate) -> String {
    "\(certificate.subject), until \(TimeView(certificate.expiresAt).minute)"
  }

  private static func text(_ scheme: SignatureScheme) -> String {
    switch scheme {
    case .hmacSHA256: "base64 of HMAC-SHA256 over the body"
    case .standard: "Standard Webhooks 1.0, over id, time and body"
    case .standardEd25519: "the same by Ed25519: receivers verify with a public key"
    }
  }
}
