import HTTPTypes
import SealpostControl
import SealpostCore

/// The form that adds a webhook or changes one.
enum WebhookFormPages {
  static let routes: [PortalRoute] = [
    .get("/webhooks/new") { visit in
      try visit.principal.require(.webhookWrite)
      return page(WebhookForm(), webhook: nil, visit)
    },
    .post("/webhooks") { visit in
      let form = WebhookForm(visit.form)
      var (input, faults) = form.input()
      input.account = visit.principal.account
      do {
        let made = try await visit.control.createWebhook(input, by: visit.principal)
        visit.reveal(made.token, of: made.webhook.id)
        return .redirect("/webhooks/\(made.webhook.id)", saying: "The webhook is there.")
      } catch {
        return try again(form, ControlError(error), faults, webhook: nil, visit)
      }
    },
    .get("/webhooks/{id}/edit") { visit in
      try visit.principal.require(.webhookWrite)
      let webhook = try await visit.control.webhook(visit.text("id"), by: visit.principal)
      return page(WebhookForm(webhook), webhook: webhook, visit)
    },
    .post("/webhooks/{id}") { visit in
      let webhook = try await visit.control.webhook(visit.text("id"), by: visit.principal)
      let form = WebhookForm(visit.form)
      let (input, faults) = form.input(changing: webhook)
      do {
        let changed = try await visit.control.updateWebhook(
          webhook.id, input, by: visit.principal)
        return .redirect("/webhooks/\(changed.id)", saying: "Saved.")
      } catch {
        return try again(form, ControlError(error), faults, webhook: webhook, visit)
      }
    },
  ]

  /// The form once more with what is wrong, where the person can mend it.
  private static func again(
    _ form: WebhookForm, _ error: ControlError, _ own: [FieldFault], webhook: Webhook?,
    _ visit: PortalVisit
  ) throws -> PortalAnswer {
    guard error.kind == .invalid || error.kind == .conflict else { throw error }
    var error = error
    // What could not be read is told in the words of the form.
    let told = Set(own.map { WebhookForm.retryNames.contains($0.field) ? "retry" : $0.field })
    error.fields.removeAll { told.contains($0.field) }
    error.fields += own
    return page(form, error: error, webhook: webhook, visit)
  }

  private static func page(
    _ form: WebhookForm, error: ControlError? = nil, webhook: Webhook?, _ visit: PortalVisit
  ) -> PortalAnswer {
    .page(
      "form", title: webhook.map { "Edit \($0.name)" } ?? "Add webhook", section: .webhooks,
      view: WebhookFormView(
        form, error: error, webhook: webhook, settings: visit.control.settings),
      status: error == nil ? .ok : .unprocessableContent)
  }
}
