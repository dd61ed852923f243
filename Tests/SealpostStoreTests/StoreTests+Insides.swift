import Foundation
import GRDB
import Testing

@testable import SealpostStore

/// How tests look behind a store's back, whatever its engine.
extension StoreTests {
  /// Carries out a statement on the database of a store.
  func execute(_ sql: String, _ store: any Store) async throws {
    if let store = store as? SQLiteStore {
      try await store.write { try $0.execute(sql: sql) }
    } else {
      try database.query(sql)
    }
  }

  /// What a statement counts.
  func count(_ sql: String, _ store: any Store) async throws -> Int {
    if let store = store as? SQLiteStore {
      return try await store.read { try Int.fetchOne($0, sql: sql) } ?? 0
    }
    return try #require(Int(try database.query(sql)))
  }

  /// How many rows each table has that holds something of accounts or of workers.
  func rowCounts(_ store: any Store) async throws -> [String: Int] {
    var counts: [String: Int] = [:]
    for table in try await tables(store)
    where !["grdb_migrations", "schema_migrations", "commits"].contains(table) {
      counts[table] = try await count("SELECT count(*) FROM \(table)", store)
    }
    return counts
  }

  /// Whether a text stands in any file of an SQLite store, or in any row of a PostgreSQL one.
  func isKept(_ text: String, _ engine: Engine) throws -> Bool {
    switch engine {
    case .sqlite:
      return try FileManager.default.contentsOfDirectory(atPath: folder.path).contains {
        try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\($0)"))
          .range(of: Data(text.utf8)) != nil
      }
    case .postgresql:
      let rows = try database.dump()
      return rows.contains(text)
        || rows.contains(text.utf8.map { String(format: "%02x", $0) }.joined())
    }
  }

  private func tables(_ store: any Store) async throws -> [String] {
    if let store = store as? SQLiteStore {
      return try await store.read { database in
        try String.fetchAll(
          database,
          sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      }
    }
    return try database.query(
      """
      SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
        AND relkind IN ('r', 'p') AND NOT relispartition
      """
    ).split(separator: "\n").map(String.init)
  }
}
