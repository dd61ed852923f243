import SealpostControl
import SealpostCore

/// What the buttons of a webhook's page do.
enum WebhookActionPages {
  private struct DeleteView {
    let path, name: String
  }

  static let routes: [PortalRoute] = [
    .post("/webhooks/{id}/pause") { visit in
      _ = try await visit.control.pauseWebhook(visit.text("id"), by: visit.principal)
      return .redirect(back(visit), saying: "Paused. Its deliveries wait until you resume it.")
    },
    .post("/webhooks/{id}/resume") { visit in
      _ = try await visit.control.resumeWebhook(visit.text("id"), by: visit.principal)
      return .redirect(back(visit), saying: "It goes on. What was parked can be replayed.")
    },
    .post("/webhooks/{id}/activate") { visit in
      var input = WebhookInput()
      input.active = true
      _ = try await visit.control.updateWebhook(visit.text("id"), input, by: visit.principal)
      return .redirect(back(visit), saying: "Activated. What was parked can be replayed.")
    },
    .post("/webhooks/{id}/test") { visit in
      let sent = try await visit.control.sendTest(
        to: visit.text("id"), event: visit.form["event"] ?? "", by: visit.principal)
      return .redirect(back(visit), saying: "A test \(sent.name) is on its way. It shows below.")
    },
    .post("/webhooks/{id}/reveal") { visit in
      let webhook = try await visit.control.webhook(visit.text("id"), by: visit.principal)
      let token = try await visit.control.token(of: webhook.id, by: visit.principal)
      visit.reveal(token, of: webhook.id)
      return .redirect(back(visit))
    },
    .post("/webhooks/{id}/rotate") { visit in
      let made = try await visit.control.rotateToken(
        of: visit.text("id"), to: nil, by: visit.principal)
      visit.reveal(made.token, of: made.webhook.id)
      let text =
        made.webhook.scheme.carriesTwoSignatures
        ? "It has a new token. For a day deliveries are signed with the one before it too."
        : "It has a new token. Deliveries are signed with it from now on."
      return .redirect(back(visit), saying: text)
    },
    .get("/webhooks/{id}/delete") { visit in
      let webhook = try await visit.control.webhook(visit.text("id"), by: visit.principal)
      return .page(
        "delete", title: "Delete \(webhook.name)", section: .webhooks,
        view: DeleteView(path: back(visit), name: webhook.name))
    },
    .post("/webhooks/{id}/delete") { visit in
      try await visit.control.deleteWebhook(visit.text("id"), by: visit.principal)
      return .redirect("/webhooks", saying: "The webhook is deleted.")
    },
  ]

  private static func back(_ visit: PortalVisit) -> String { "/webhooks/\(visit.text("id"))" }
}
