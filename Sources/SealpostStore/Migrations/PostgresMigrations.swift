/// The schema of the PostgreSQL store, version by version. Migrations only add.
enum PostgresMigrations {
  /// A version.
  struct Migration {
    let identifier: String
    let sql: String
  }

  static var all: [Migration] {
    [
      Migration(identifier: "1-store", sql: PostgresSchema.first),
      Migration(
        identifier: "2-suspects",
        sql: "ALTER TABLE suspects ADD COLUMN alone boolean NOT NULL DEFAULT TRUE"),
    ]
  }

  /// The applied versions, oldest first.
  static func applied(_ connection: PostgresConnection) throws -> [String] {
    // Read from the catalog itself: what to_regclass remembers to be missing stays so within a transaction,
    // since an advisory lock, unlike one of a table, takes no notice of what others made meanwhile.
    let isThere: Bool = try connection.query(
      """
      SELECT EXISTS (
        SELECT FROM pg_catalog.pg_class
        WHERE relname = 'schema_migrations' AND pg_catalog.pg_table_is_visible(oid))
      """)[0][0]
    guard isThere else { return [] }
    return try connection.query(
      "SELECT identifier FROM schema_migrations ORDER BY applied_at, identifier"
    ).map { $0[0] }
  }

  /// Brings the schema up to date. Several may do so at once: one of them does it, the others wait.
  static func apply(to connection: PostgresConnection) throws {
    guard try !missing(connection).isEmpty else { return }
    try connection.patiently { try applyMissing(to: connection) }
  }

  private static func applyMissing(to connection: PostgresConnection) throws {
    try connection.query("BEGIN")
    // Large tables take their time, here and for whoever was first.
    try connection.query("SELECT set_config('lock_timeout', '300000', TRUE)")
    try connection.query("SELECT set_config('statement_timeout', '0', TRUE)")
    try PostgresPartitions.lockSchema(connection)
    for migration in try missing(connection) {
      try connection.script(migration.sql)
      try connection.query(
        """
        INSERT INTO schema_migrations (identifier, applied_at)
        VALUES ($1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
        """, [migration.identifier])
    }
    try connection.query("COMMIT")
  }

  /// The versions that are not applied; throws where one is that is not known here.
  private static func missing(_ connection: PostgresConnection) throws -> [Migration] {
    let applied = try applied(connection)
    let known = all
    let unknown = applied.filter { name in !known.contains { $0.identifier == name } }
    guard unknown.isEmpty else { throw StoreError.newerSchema(unknown) }
    return known.filter { !applied.contains($0.identifier) }
  }
}
