import SealpostCore
public import SealpostStore
import SealpostWorker

extension ControlPlane {
  /// How far back the log is read unless a filter says otherwise.
  public static let logWindow = Duration.seconds(7 * 86400)
  /// How far pages go; beyond that `after` goes on.
  public static let deepestPage = 10_000
  private static let csvPiece = 250

  /// A row of the log with the event that it is of.
  public struct LogDetail: Sendable {
    /// The row.
    public var entry: LogEntry
    /// The event's bytes, as they were sent.
    public var body: [UInt8]
  }

  /// Rows of the log. Without times the last seven days.
  public func log(_ filter: LogFilter, by principal: Principal) async throws -> [LogEntry] {
    try principal.require(.webhookRead)
    var filter = filter
    filter.account = try principal.account(named: filter.account)
    if filter.sentFrom == nil {
      let end = filter.sentBefore ?? .now()
      filter.window = Timestamp(nanoseconds: end.nanoseconds - Self.logWindow.nanoseconds)
    }
    do throws(StoreError) {
      return try await store.attempts(filter)
    } catch {
      guard error == .tooMuchWork else { throw error }
      throw ControlError(
        .invalid, "narrow_the_query",
        "Too many rows would have to be looked at: give a shorter time by sentAt[gte] and sentAt[lt], or name a webhookId, an eventId or an outcome."
      )
    }
  }

  /// Rows of the log as CSV with a line of titles. Read in pieces, so that none of them holds up others.
  ///
  /// - Parameter limit: how many rows at most.
  public func logCSV(_ filter: LogFilter, upTo limit: Int, by principal: Principal) async throws
    -> String
  {
    var filter = filter
    var text = LogCSV.titles
    var left = limit
    while left > 0 {
      filter.limit = min(left, Self.csvPiece)
      let rows = try await log(filter, by: principal)
      for row in rows { text += LogCSV.line(row) }
      guard rows.count == filter.limit, let last = rows.last else { break }
      filter.after = last.id
      left -= rows.count
    }
    return text
  }

  /// One row, with what was sent.
  public func logEntry(_ id: Int64, by principal: Principal) async throws -> LogDetail {
    try principal.require(.webhookRead)
    let entry = try await visible(id, principal)
    return LogDetail(entry: entry, body: try await store.eventBody(ofAttempt: id))
  }

  /// Sends the delivery of a row again, as a new run; returns when the broker has it.
  public func resend(_ id: Int64, by principal: Principal) async throws -> Resend {
    try principal.require(.webhookWrite)
    let entry = try await visible(id, principal)
    let resend = try await noting(
      "delivery.resend", "\(id)", account: entry.account, by: principal,
      "\(entry.eventID) to \(entry.webhookID)"
    ).newRun(ofAttempt: id)
    try await publisher.publish([.delivery(resend)])
    return resend
  }

  private func visible(_ id: Int64, _ principal: Principal) async throws -> LogEntry {
    let entry = try await store.attempt(id)
    try principal.see(entry.account, "log entry \(id)")
    return entry
  }
}
