import GRDB
public import SealpostCore
import SealpostSigning

/// Moves an embedded installation to a server: everything that an SQLite store holds, into an empty
/// PostgreSQL store.
///
/// All keys stay as they are, and so do sealed tokens, whose identities they are bound to. What is copied is
/// one moment of the source; the target has all of it or nothing.
public struct StoreCopy: Sendable {
  /// How far it has come.
  public struct Progress: Sendable {
    /// The table.
    public let table: String
    /// Rows of it that are copied.
    public let rows: Int
    /// Rows of it that there are.
    public let total: Int
  }

  private static let secondsPerDay: Int64 = 86400

  private let source: SQLiteStore
  private let target: PostgresStore

  /// Opens both. Blocks its caller.
  ///
  /// - Parameter secretKey: base64 of the key that the source's tokens are sealed with.
  public init(from source: String, to target: String, secretKey: SecretBytes?) throws(StoreError) {
    guard source.hasPrefix("sqlite:") else {
      throw .refused("A store is copied from SQLite: \"--from\" must be sqlite: and a path.")
    }
    guard PostgresLocation.isOne(target) else {
      throw .refused("A store is copied to PostgreSQL: \"--to\" must begin with postgresql://.")
    }
    self.target = try PostgresStore.open(url: target, secretKey: secretKey)
    self.source = try SQLiteStore.open(url: source, secretKey: secretKey)
  }

  /// Copies everything, and tells now and then how far it is. Blocks its caller.
  ///
  /// - Returns: how many rows of which table.
  public func run(_ report: (Progress) -> Void) throws(StoreError) -> [(table: String, rows: Int)] {
    try checkKeys()
    try makePartitions()
    return try target.writeBlocking { connection in
      try source.pool.read { database in
        for table in CopiedTable.all {
          guard try connection.query("SELECT 1 FROM \(table.name) LIMIT 1").isEmpty else {
            throw StoreError.refused(
              "\(target.location) is not empty: \(table.name) has rows. Copy into a database of its own."
            )
          }
        }
        let copied = try CopiedTable.all.map { table in
          (table.name, try copy(table, database, connection, report))
        }
        let version = try Row.fetchOne(database, sql: "SELECT revision, paused FROM store_version")
        try connection.query(
          "UPDATE store_version SET revision = $1, paused = $2",
          [version?[0] as Int64? ?? 0, version?[1] as Bool? ?? false])
        return copied
      }
    }
  }

  private func copy(
    _ table: CopiedTable, _ database: Database, _ connection: PostgresConnection,
    _ report: (Progress) -> Void
  ) throws -> Int {
    let total = try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table.name)") ?? 0
    var copied = 0
    var rows = CopiedRows(of: table)
    func flush() throws {
      guard rows.count > 0 else { return }
      try connection.run(rows.statement)
      copied += rows.count
      report(Progress(table: table.name, rows: copied, total: total))
      rows = CopiedRows(of: table)
    }
    let cursor = try Row.fetchCursor(database, sql: Self.select(table))
    while let row = try cursor.next() {
      rows.add(row)
      if rows.isFull { try flush() }
    }
    try flush()
    if let counter = table.counter, copied > 0 {
      try connection.query(
        """
        SELECT setval((CASE $1 WHEN 'events' THEN 'event_keys' WHEN 'attempts' THEN 'attempt_ids'
          ELSE pg_get_serial_sequence($1, $2) END)::regclass,
          (SELECT max(\(counter)) FROM \(table.name)))
        """, [table.name, counter])
    }
    return copied
  }

  /// In the order of their keys, so that rows of the target rise in time as well.
  private static func select(_ table: CopiedTable) -> String {
    let columns = table.columns.map { column in
      switch column.kind {
      case .day:
        table.name == "events"
          ? "t.triggered_at" : "(SELECT triggered_at FROM events WHERE key = t.event)"
      default: "t.\(column.name)"
      }
    }
    let condition =
      table.isOfEvents && table.name != "events"
      ? "WHERE EXISTS (SELECT 1 FROM events WHERE key = t.event)" : ""
    return """
      SELECT \(columns.joined(separator: ", ")) FROM \(table.name) t \(condition)
      \(table.counter.map { "ORDER BY t.\($0)" } ?? "")
      """
  }

  /// The days of the log have partitions of their own, as if they had been recorded there.
  private func makePartitions() throws(StoreError) {
    let days = try source.readBlocking { database in
      try Int64.fetchAll(
        database,
        sql: "SELECT DISTINCT triggered_at / 1000000000 / \(Self.secondsPerDay) FROM events")
    }
    let today = PostgresPartitions.day(of: .now())
    try target.readBlocking { connection in
      for day in days where (today - 60..<today).contains(day) {
        try PostgresPartitions.make(
          around: Timestamp(seconds: day * Self.secondsPerDay), connection)
      }
    }
  }

  /// A token that is sealed with another key could be read by nobody afterwards.
  private func checkKeys() throws(StoreError) {
    let strange = try source.readBlocking { [key = source.box.keyID] database in
      try Int.fetchOne(
        database,
        sql: "SELECT count(*) FROM webhooks WHERE deleted_at IS NULL AND token_key <> ?",
        arguments: [key]) ?? 0
    }
    guard strange == 0 else {
      throw .badKey(
        "\(strange) webhooks of \(source.path) are sealed with another one; it may be in \(source.path).key"
      )
    }
  }
}
