internal import CSQLite
import Foundation
import GRDB
public import SealpostCore
import SealpostSigning

/// The embedded store: one SQLite file in WAL mode, for several processes of one host.
///
/// Asynchronous functions run on GRDB's threads; those of `RecordingStore` block their caller's.
public final class SQLiteStore: Sendable, Store {
  let pool: DatabasePool
  let box: SecretBox
  let eventHash: EventHash
  /// Of the one connection that writes.
  let writerMemory: WriterMemory
  /// What the next change adds to the audit log.
  private let note: AuditEntry?

  /// The database's path.
  public let path: String

  /// The database's path.
  public var location: String { path }

  /// Opens a store, makes it where there is none, and brings its schema up to date.
  ///
  /// - Parameters:
  ///   - url: `sqlite:` and a path.
  ///   - secretKey: base64 of the key that seals secrets; nil for the one in a file beside the database.
  ///   - otherKeys: base64 of keys that open what they sealed.
  public static func open(
    url: String, secretKey: SecretBytes? = nil, otherKeys: [SecretBytes] = []
  ) throws(StoreError) -> SQLiteStore {
    guard url.hasPrefix("sqlite:"), url.utf8.count > 7 else { throw .badURL(url) }
    return try SQLiteStore(
      path: String(url.dropFirst(7)), secretKey: secretKey, otherKeys: otherKeys,
      eventHash: .standard)
  }

  /// SQLite counts its memory under a lock that it takes for every allocation; nobody reads the count.
  /// It can be told once, before its first use; where something else used it already, it keeps counting.
  private static let memoryStatisticsOff = sealpost_sqlite_without_memory_statistics()

  init(
    path: String, secretKey: SecretBytes?, otherKeys: [SecretBytes] = [], eventHash: EventHash
  ) throws(StoreError) {
    note = nil
    _ = Self.memoryStatisticsOff
    self.path = path
    self.eventHash = eventHash
    writerMemory = WriterMemory()
    let isNew = !FileManager.default.fileExists(atPath: path)
    do {
      var configuration = Configuration()
      configuration.busyMode = .timeout(5)
      configuration.prepareDatabase { database in
        // Pages of 16 KB hold several events, so that a commit writes fewer of them. Where the file is there
        // already, its pages stay as they are. The cache is in KiB: of readers there are several, and what one
        // has read once, such as all webhooks, it keeps that much of.
        let cache = database.configuration.readonly ? 2048 : 8192
        try database.execute(
          sql: "PRAGMA page_size = 16384; PRAGMA synchronous = FULL; PRAGMA cache_size = -\(cache)")
        try RowTable.add(to: database)
      }
      pool = try DatabasePool(path: path, configuration: configuration)
      // Whoever reads the file reads what customers send each other.
      if isNew { chmod(path, 0o600) }
      let migrator = SQLiteMigrations.all
      let unknown = try pool.read { database in
        try migrator.hasBeenSuperseded(database)
          ? try migrator.appliedIdentifiers(database).subtracting(migrator.migrations).sorted() : []
      }
      guard unknown.isEmpty else { throw StoreError.newerSchema(unknown) }
      try migrator.migrate(pool)
    } catch {
      throw StoreError(error, path: path)
    }
    box = try SecretKey.box(text: secretKey, others: otherKeys, besideDatabase: path)
    try sealPlainHeaders()
  }

  private init(_ store: SQLiteStore, noting note: AuditEntry) {
    pool = store.pool
    box = store.box
    eventHash = store.eventHash
    writerMemory = store.writerMemory
    path = store.path
    self.note = note
  }

  /// As `AuditLog` says.
  public func noting(_ entry: AuditEntry) -> SQLiteStore { SQLiteStore(self, noting: entry) }

  /// The applied versions of the schema, oldest first.
  public func schemaVersions() async throws(StoreError) -> [String] {
    try await read { try SQLiteMigrations.all.appliedMigrations($0) }
  }

  func read<T: Sendable>(_ work: @escaping @Sendable (Database) throws -> T)
    async throws(StoreError)
    -> T
  {
    do {
      return try await pool.read(work)
    } catch {
      throw StoreError(error, path: path)
    }
  }

  func write<T: Sendable>(_ work: @escaping @Sendable (Database) throws -> T)
    async throws(StoreError) -> T
  {
    do {
      return try await pool.write { [note] database in
        let result = try work(database)
        if let note { try Self.append(note, database) }
        return result
      }
    } catch {
      throw StoreError(error, path: path)
    }
  }

  /// A read on the caller's thread.
  func readBlocking<T>(_ work: (Database) throws -> T) throws(StoreError) -> T {
    do {
      return try pool.read(work)
    } catch {
      throw StoreError(error, path: path)
    }
  }

  /// A write on the caller's thread.
  func writeBlocking<T>(_ work: (Database) throws -> T) throws(StoreError) -> T {
    do {
      return try pool.write(work)
    } catch {
      throw StoreError(error, path: path)
    }
  }
}

extension StoreError {
  init(_ error: any Error, path: String) {
    if let known = error as? StoreError {
      self = known
      return
    }
    guard let error = error as? DatabaseError else {
      self = .failed("\(error)")
      return
    }
    let words = error.message ?? "\(error.resultCode)"
    self =
      switch error.resultCode {
      case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
        .notWritable(path: path, words: words)
      case .SQLITE_NOTADB, .SQLITE_CORRUPT: .notADatabase(path: path)
      case .SQLITE_BUSY, .SQLITE_LOCKED: .busy(words)
      case .SQLITE_FULL: .full(words)
      default: .failed(words)
      }
  }
}
