import Hummingbird
import SealpostControl
import SealpostCore
import SealpostStore

/// What all pages have around them.
struct PageFrame {
  struct Section {
    let path, label: String
    let isCurrent: Bool
  }

  struct Alert {
    let alertPath, alertName: String
    let alertState: StateView
  }

  private static let mostAlerts = 3

  let title: String
  let stylePath = PortalAssets.path("portal.css")
  let scriptPath = PortalAssets.path("portal.js")
  let iconPath = PortalAssets.path("seal.svg")
  let view: Any
  var signedIn = false
  var sections: [Section] = []
  var canSwitch = false
  var accountLabel = ""
  var formKey = ""
  var mayWrite = false
  var notice: PortalSessions.Notice?
  var alerts: [Alert] = []
  var alertHeading = ""
  var hasAlerts = false
  var alertsMore = false

  /// The frame of a page for somebody who did not sign in.
  init(title: String, view: Any) {
    self.title = title
    self.view = view
  }

  /// The frame of a page in a session.
  init(title: String, section: PortalSection, view: Any, visit: PortalVisit) async throws {
    self.init(title: title, view: view)
    signedIn = true
    let all: [(PortalSection, String, String)] = [
      (.webhooks, "/webhooks", "Webhooks"), (.log, "/log", "Event log"),
      (.queues, "/queues", "Queues"), (.dead, "/dead", "Dead"),
      (.rejected, "/rejected", "Rejected"), (.audit, "/audit", "Audit"),
    ]
    sections = all.map { Section(path: $0.1, label: $0.2, isCurrent: $0.0 == section) }
    canSwitch = visit.holder.isAdministrator
    accountLabel = visit.principal.account ?? "all"
    formKey = visit.session.formKey
    mayWrite = visit.mayWrite
    notice = visit.sessions.takeNotice(visit.sessionKey)
    guard visit.holder.scopes.contains(.webhookRead) else { return }
    var filter = WebhookFilter()
    filter.isUnwell = true
    filter.limit = Self.mostAlerts + 1
    let unwell = try await visit.control.webhooks(filter, by: visit.principal)
    hasAlerts = !unwell.isEmpty
    alertsMore = unwell.count > Self.mostAlerts
    alertHeading =
      unwell.count == 1
      ? "A webhook needs attention:"
      : "\(alertsMore ? "Several" : "\(unwell.count)") webhooks need attention:"
    alerts = unwell.prefix(Self.mostAlerts).map {
      Alert(
        alertPath: "/webhooks/\($0.id)", alertName: $0.name, alertState: StateView($0))
    }
  }
}
