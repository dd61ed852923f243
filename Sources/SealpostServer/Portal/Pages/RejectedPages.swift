import SealpostControl
import SealpostCore
import SealpostStore

/// Messages that were no valid events.
enum RejectedPages {
  private static let pageSize = 50
  private static let shownBytes = 64 << 10

  private struct Row {
    let rowID: Int64
    let reason, detail, messageID, ownerName: String
    let size: Int
    let receivedAt: TimeView

    init(_ entry: RejectedEntry) {
      rowID = entry.id
      reason = entry.reason
      detail = entry.detail
      messageID = entry.messageID ?? "none"
      ownerName = entry.account ?? "none"
      size = entry.body.count
      receivedAt = TimeView(entry.receivedAt)
    }
  }

  private struct List {
    let rows: [Row]
    let hasRows: Bool
    let olderPath: String?
  }

  private struct Entry {
    let rowID: Int64
    let reason, detail, messageID, ownerName, body: String
    let size: Int
    let isCut: Bool
    let receivedAt: TimeView
  }

  static let routes: [PortalRoute] = [
    .get("/rejected") { visit in
      let found = try await visit.control.rejected(
        account: nil, before: visit.query["before"].flatMap { Int64($0) }, limit: pageSize + 1,
        by: visit.principal)
      return .page(
        "rejected", title: "Rejected messages", section: .rejected,
        view: List(
          rows: found.prefix(pageSize).map(Row.init), hasRows: !found.isEmpty,
          olderPath: found.count > pageSize ? "/rejected?before=\(found[pageSize - 1].id)" : nil))
    },
    .get("/rejected/{id}") { visit in
      let entry = try await visit.control.rejected(
        try visit.rowID("rejected message"), by: visit.principal)
      let row = Row(entry)
      return .page(
        "rejected-entry", title: "Rejected: \(entry.reason)", section: .rejected,
        view: Entry(
          rowID: row.rowID, reason: row.reason, detail: row.detail, messageID: row.messageID,
          ownerName: row.ownerName, body: ShownText.text(entry.body.prefix(shownBytes)),
          size: row.size, isCut: entry.body.count > shownBytes, receivedAt: row.receivedAt))
    },
    .post("/rejected/{id}/requeue") { visit in
      try await visit.control.requeueRejected(
        try visit.rowID("rejected message"), by: visit.principal)
      return .redirect(
        "/rejected", saying: "Published again as it is. If it is still wrong, it comes back here.")
    },
    .post("/rejected/{id}/drop") { visit in
      try await visit.control.dropRejected(
        try visit.rowID("rejected message"), by: visit.principal)
      return .redirect("/rejected", saying: "Dropped.")
    },
  ]
}
