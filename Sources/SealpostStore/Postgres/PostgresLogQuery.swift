import SealpostCore

/// A question to the event log, turned into the rows that match: their days and ids.
struct PostgresLogQuery {
  /// A row of the log.
  struct Found {
    let day: Int64
    let id: Int64
  }

  /// With more webhooks than this their rows are looked for among all, instead of those of each in turn.
  private static let fewWebhooks = 64
  /// What is not the first attempt of an event that delivered at once: few rows, with indexes of their own.
  private static let exception = "(a.outcome <> 1 OR a.trigger <> 1)"
  /// By how much the time of a row may be behind that of one with a smaller id: requests take their time,
  /// and workers hand over in batches.
  private static let disorder = Duration.seconds(300)

  private let filter: LogFilter
  private let limit: PostgresTimeLimit
  private let webhooks: [Int64]?
  private let events: [Int64]?
  private let oldest: Int64
  private let newest: Int64

  /// Resolves what the filter names; nil where there can be no row.
  init?(_ filter: LogFilter, _ limit: PostgresTimeLimit, _ connection: PostgresConnection) throws {
    self.filter = filter
    self.limit = limit
    var oldest = Int64.min
    var newest = Int64.max
    func first(_ time: Timestamp, plus duration: Duration) throws -> Int64? {
      try Self.first(sentAt: time + duration, connection)
    }
    if let from = [filter.window, filter.sentFrom.map { $0 + (.zero - Self.disorder) }]
      .compactMap({ $0 }).max()
    {
      guard let id = try first(from, plus: .zero) else { return nil }
      oldest = id
    }
    if let before = filter.sentBefore, let id = try first(before, plus: Self.disorder) {
      newest = id
    }
    if let after = filter.after {
      if filter.isAscending {
        oldest = max(oldest, after + 1)
      } else {
        newest = min(newest, after - 1)
      }
    }
    guard oldest <= newest else { return nil }
    self.oldest = oldest
    self.newest = newest
    webhooks =
      filter.webhook == nil && filter.account == nil
      ? nil
      : try connection.query(
        """
        SELECT key FROM webhooks
        WHERE ($1::text IS NULL OR id = $1) AND ($2::text IS NULL OR account = $2)
        """, [filter.webhook, filter.account]
      ).map { $0[0] }
    events = try filter.event.map { event in
      try connection.query(
        "SELECT key FROM events WHERE id = $1 AND ($2::text IS NULL OR account = $2)",
        [event, filter.account]
      ).map { $0[0] }
    }
    if webhooks?.isEmpty == true || events?.isEmpty == true { return nil }
    try limit.check()
  }

  /// The smallest id of a row that was sent at a time or later, about.
  static func first(sentAt time: Timestamp, _ connection: PostgresConnection) throws -> Int64? {
    try connection.query(
      "SELECT id FROM attempts WHERE sent_at >= $1 ORDER BY sent_at, id LIMIT 1",
      [time.nanoseconds]
    ).first?[0]
  }

  /// The rows, as far as the filter's effort allows.
  func rows(_ connection: PostgresConnection) throws -> [Found] {
    let wanted = filter.offset + filter.limit
    let found = try connection.run(
      statement(selecting: "a.day, a.id", limit: wanted, isCounting: false)
    )
    .map { Found(day: $0[0], id: $0[1]) }
    if let most = filter.effort.rows, found.count < wanted {
      // Fewer than asked for: all that could match was looked at.
      try limit.check()
      let counted = statement(selecting: "a.day, a.id", limit: most + 1, isCounting: true)
      guard try connection.run(counted).count <= most else { throw StoreError.tooMuchWork }
    }
    return Array(found.dropFirst(filter.offset))
  }

  /// - Parameter isCounting: whether to leave out what no index tells.
  private func statement(selecting columns: String, limit: Int, isCounting: Bool)
    -> PostgresStatement
  {
    var conditions: [String] = []
    var values: [any PostgresParameter] = []
    func add(_ condition: (String) -> String, _ value: any PostgresParameter) {
      values.append(value)
      conditions.append(condition("$\(values.count)"))
    }
    if oldest > .min { add({ "a.id >= \($0)" }, oldest) }
    if newest < .max { add({ "a.id <= \($0)" }, newest) }
    if let events { add({ "a.event = ANY (\($0))" }, PostgresArray(events)) }
    if isOfExceptions, events == nil { conditions.append(Self.exception) }
    if !isCounting {
      if let outcome = filter.outcome { add({ "a.outcome = \($0)" }, outcome.rawValue) }
      if let reason = filter.reason { add({ "a.reason = \($0)" }, Int(reason.code)) }
      if let trigger = filter.trigger { add({ "a.trigger = \($0)" }, trigger.rawValue) }
      if let status = filter.status {
        add({ "a.status >= \($0)" }, status.lowerBound)
        add({ "a.status <= \($0)" }, status.upperBound)
      }
      if let status = filter.otherStatus { add({ "a.status <> \($0)" }, status) }
      if let time = filter.sentFrom { add({ "a.sent_at >= \($0)" }, time.nanoseconds) }
      if let time = filter.sentBefore { add({ "a.sent_at < \($0)" }, time.nanoseconds) }
      if let name = filter.eventName {
        add(
          { "(SELECT e.name FROM events e WHERE e.day = a.day AND e.key = a.event) = \($0)" }, name)
      }
    }
    let order = "ORDER BY id \(filter.isAscending ? "ASC" : "DESC")"
    values.append(limit)
    let last = "LIMIT $\(values.count)"
    func rows(where webhook: [String]) -> String {
      let all = conditions + webhook
      return """
        SELECT \(columns) FROM attempts a \(all.isEmpty ? "" : "WHERE " + all.joined(separator: " AND "))
        \(order) \(last)
        """
    }
    guard let webhooks else {
      return PostgresStatement(rows(where: []), values, isPrepared: false)
    }
    values.append(PostgresArray(webhooks))
    let keys = "$\(values.count)"
    let sql =
      webhooks.count > Self.fewWebhooks || events != nil
      ? rows(where: ["a.webhook = ANY (\(keys))"])
      : """
      SELECT f.* FROM unnest(\(keys)) AS w (key)
      CROSS JOIN LATERAL (\(rows(where: ["a.webhook = w.key"]))) f \(order) \(last)
      """
    return PostgresStatement(sql, values, isPrepared: false)
  }

  /// Whether no first attempt that delivered can match.
  private var isOfExceptions: Bool {
    if let outcome = filter.outcome, outcome != .delivered { return true }
    if let trigger = filter.trigger, trigger != .event { return true }
    return filter.reason != nil || filter.status.map { !$0.overlaps(200...299) } ?? false
  }
}
