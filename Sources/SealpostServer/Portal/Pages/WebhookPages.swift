import SealpostControl
import SealpostCore
import SealpostStore

/// The list of webhooks, and the page of each.
enum WebhookPages {
  private static let pageSize = 25
  private static let shownEvents = 2

  private struct List {
    struct Row {
      let path, name, url: String
      let accountName: String?
      let events: [String]
      let moreEvents: Int?
      let status: StateView
      let last: Last?
    }

    struct Last {
      let lastPath: String
      let lastAt: TimeView
      let lastState: StateView
    }

    let rows: [Row]
    let hasRows, isSearching: Bool
    let search: Markup
    let newerPath, olderPath: String?
  }

  static let routes: [PortalRoute] = [
    .get("/webhooks", list),
    .get("/webhooks/{id}") { visit in
      let webhook = try await visit.control.webhook(visit.text("id"), by: visit.principal)
      return .page(
        "webhook", title: webhook.name, section: .webhooks,
        view: try await WebhookPage(webhook, visit))
    },
    .get("/webhooks/{id}/attempts") { visit in
      let webhook = try await visit.control.webhook(visit.text("id"), by: visit.principal)
      return .part("attempts", view: try await WebhookPage.LastAttempts(webhook, visit))
    },
  ]

  private static func list(_ visit: PortalVisit) async throws -> PortalAnswer {
    let page = min(max(visit.query["page"].flatMap { Int($0) } ?? 1, 1), 400)
    var filter = WebhookFilter()
    filter.text = visit.query.filled("query")
    filter.limit = pageSize + 1
    filter.offset = (page - 1) * pageSize
    let found = try await visit.control.webhooks(filter, by: visit.principal)
    var rows: [List.Row] = []
    for webhook in found.prefix(pageSize) { rows.append(try await row(webhook, visit)) }
    func path(_ page: Int) -> String {
      "/webhooks?" + visit.query.query(changing: "page", to: "\(page)")
    }
    return .page(
      "webhooks", title: "Webhooks", section: .webhooks,
      view: List(
        rows: rows, hasRows: !rows.isEmpty, isSearching: filter.text != nil,
        search: Markup(formValue: filter.text ?? ""), newerPath: page > 1 ? path(page - 1) : nil,
        olderPath: found.count > pageSize ? path(page + 1) : nil))
  }

  private static func row(_ webhook: Webhook, _ visit: PortalVisit) async throws -> List.Row {
    var filter = LogFilter()
    filter.webhook = webhook.id
    filter.limit = 1
    let last = try await visit.control.log(filter, by: visit.principal).first
    let events = webhook.events.map(\.text)
    return List.Row(
      path: "/webhooks/\(webhook.id)", name: webhook.name, url: webhook.url.withoutQuery,
      accountName: visit.principal.isAdministrator ? webhook.account : nil,
      events: Array(events.prefix(shownEvents)),
      moreEvents: events.count > shownEvents ? events.count - shownEvents : nil,
      status: StateView(webhook),
      last: last.map {
        List.Last(
          lastPath: "/log/\($0.id)", lastAt: TimeView($0.sentAt), lastState: StateView($0.outcome))
      })
  }
}
