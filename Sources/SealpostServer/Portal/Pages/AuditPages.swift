import SealpostControl
import SealpostCore
import SealpostStore

/// Who did what.
enum AuditPages {
  private static let pageSize = 50

  private struct Row {
    let actor, action, subject, detail, ownerName: String
    let at: TimeView

    init(_ entry: AuditEntry) {
      actor = entry.actor
      action = entry.action
      subject = entry.subject
      detail = entry.detail
      ownerName = entry.account ?? "all"
      at = TimeView(entry.at)
    }
  }

  private struct List {
    let rows: [Row]
    let hasRows, showsOwner: Bool
    let olderPath: String?
  }

  static let routes: [PortalRoute] = [
    .get("/audit") { visit in
      let found = try await visit.control.audit(
        account: nil, before: visit.query["before"].flatMap { Int64($0) }, limit: pageSize + 1,
        by: visit.principal)
      return .page(
        "audit", title: "Audit trail", section: .audit,
        view: List(
          rows: found.prefix(pageSize).map(Row.init), hasRows: !found.isEmpty,
          showsOwner: visit.principal.isAdministrator,
          olderPath: found.count > pageSize ? "/audit?before=\(found[pageSize - 1].id)" : nil))
    }
  ]
}
