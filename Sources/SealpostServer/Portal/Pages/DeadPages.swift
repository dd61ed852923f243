import SealpostControl
import SealpostCore
import SealpostStore

/// Deliveries that were given up, parked, or wait.
enum DeadPages {
  private static let pageSize = 50

  private struct Row {
    let rowID: Int64
    let deadState: StateView
    let reason, eventName, eventID, webhookName, webhookPath: String
    let since: TimeView
  }

  private struct Tab {
    let tabPath, tabLabel: String
    let isCurrentTab: Bool
  }

  private struct View {
    let tabs: [Tab]
    let rows: [Row]
    let hasRows: Bool
    let olderPath: String?
  }

  static let routes: [PortalRoute] = [
    .get("/dead", list),
    .post("/dead/{id}/requeue") { visit in
      try await visit.control.requeueDead(try visit.rowID("dead delivery"), by: visit.principal)
      return .redirect("/dead", saying: "It goes out again as a new run.")
    },
    .post("/dead/{id}/drop") { visit in
      try await visit.control.dropDead(try visit.rowID("dead delivery"), by: visit.principal)
      return .redirect("/dead", saying: "Dropped. The log keeps its attempts.")
    },
  ]

  private static func list(_ visit: PortalVisit) async throws -> PortalAnswer {
    let state = visit.query.filled("state").flatMap(BacklogState.init(rawValue:))
    var filter = BacklogFilter()
    if let state { filter.states = [state] }
    filter.after = visit.query["after"].flatMap { Int64($0) }
    filter.limit = pageSize + 1
    let found = try await visit.control.dead(filter, by: visit.principal)
    let tabs: [(String, BacklogState?)] = [
      ("Dead and parked", nil), ("Exhausted", .exhausted), ("Parked", .parked),
      ("Waiting", .waiting),
    ]
    return .page(
      "dead", title: "Dead deliveries", section: .dead,
      view: View(
        tabs: tabs.map { label, own in
          Tab(
            tabPath: own.map { "/dead?state=\($0.rawValue)" } ?? "/dead", tabLabel: label,
            isCurrentTab: own == state)
        }, rows: found.prefix(pageSize).map(row), hasRows: !found.isEmpty,
        olderPath: found.count > pageSize
          ? "/dead?" + visit.query.query(changing: "after", to: "\(found[pageSize - 1].id)") : nil))
  }

  private static func row(_ entry: BacklogEntry) -> Row {
    Row(
      rowID: entry.id, deadState: StateView(entry.state), reason: entry.reason,
      eventName: entry.eventName, eventID: entry.eventID, webhookName: entry.webhookName,
      webhookPath: "/webhooks/\(entry.webhookID)", since: TimeView(entry.createdAt))
  }
}
