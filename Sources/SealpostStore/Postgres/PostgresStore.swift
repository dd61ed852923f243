public import SealpostCore
import SealpostSigning
import Synchronization

/// The store for workers on several hosts: a PostgreSQL server, by libpq.
///
/// It has threads of its own for everything: one for what the recorder needs, so that nothing stands in
/// its way, and a few for the rest. Blocking functions let their caller's thread wait for them.
public final class PostgresStore: Sendable, Store {
  private static let threads = 4

  let box: SecretBox
  let eventHash: EventHash
  /// What the recorder's thread tried last and does not know the end of.
  let doubtfulRecords = Mutex<DoubtfulRecords?>(nil)
  private let server: PostgresLocation
  /// What the next change adds to the audit log.
  private let note: AuditEntry?
  private let recording: PostgresPool
  private let others: PostgresPool

  /// Server and database, for people.
  public var location: String { server.text }

  /// Opens a store and brings its schema up to date.
  ///
  /// - Parameters:
  ///   - url: what libpq takes as a URL: `postgresql://user:password@host:port/database?sslmode=…`.
  ///   - secretKey: base64 of the key that seals secrets. There is none by itself: all workers need the same.
  ///   - otherKeys: base64 of keys that open what they sealed.
  public static func open(
    url: String, secretKey: SecretBytes?, otherKeys: [SecretBytes] = []
  ) throws(StoreError) -> PostgresStore {
    try open(url: url, secretKey: secretKey, otherKeys: otherKeys, eventHash: .standard)
  }

  static func open(
    url: String, secretKey: SecretBytes?, otherKeys: [SecretBytes] = [], eventHash: EventHash
  ) throws(StoreError) -> PostgresStore {
    let server = try PostgresLocation(parsing: url)
    guard let secretKey else {
      throw .badKey(
        "none is set, and with PostgreSQL none is made, since all workers need the same")
    }
    let store = PostgresStore(
      server, box: try SecretKey.box(secretKey, others: otherKeys), eventHash: eventHash)
    try store.readBlocking { connection in
      try PostgresMigrations.apply(to: connection)
      try PostgresPartitions.make(around: .now(), connection)
    }
    return store
  }

  private init(_ server: PostgresLocation, box: SecretBox, eventHash: EventHash) {
    note = nil
    self.server = server
    self.box = box
    self.eventHash = eventHash
    let losses = PostgresLosses()
    recording = PostgresPool(url: server.url, losses: losses, name: "pg-recorder", threads: 1)
    others = PostgresPool(
      url: server.url, losses: losses, name: "postgres", threads: Self.threads)
  }

  private init(_ store: PostgresStore, noting note: AuditEntry) {
    box = store.box
    eventHash = store.eventHash
    server = store.server
    recording = store.recording
    others = store.others
    self.note = note
  }

  /// As `AuditLog` says.
  public func noting(_ entry: AuditEntry) -> PostgresStore { PostgresStore(self, noting: entry) }

  /// The applied versions of the schema, oldest first.
  public func schemaVersions() async throws(StoreError) -> [String] {
    try await read { try PostgresMigrations.applied($0) }
  }

  /// Does work without a transaction, or with transactions of its own.
  func read<T: Sendable>(_ work: @escaping @Sendable (PostgresConnection) throws -> T)
    async throws(StoreError) -> T
  {
    try await onThread(others) { try $0.read(work) }
  }

  /// A read that goes before others'.
  func readFirst<T: Sendable>(_ work: @escaping @Sendable (PostgresConnection) throws -> T)
    async throws(StoreError) -> T
  {
    try await onThread(recording) { try $0.read(work) }
  }

  func write<T: Sendable>(_ work: @escaping @Sendable (PostgresConnection) throws -> T)
    async throws(StoreError) -> T
  {
    try await onThread(others) { [note] session in
      var doubt = PostgresDoubt<T>()
      return try session.write(&doubt) { connection in
        let result = try work(connection)
        if let note { try Self.append(note, connection) }
        return result
      }
    }
  }

  func readBlocking<T>(_ work: (PostgresConnection) throws -> T) throws(StoreError) -> T {
    try blocking(others) { try $0.read(work) }
  }

  func writeBlocking<T>(_ work: (PostgresConnection) throws -> T) throws(StoreError) -> T {
    try blocking(others) { session in
      var doubt = PostgresDoubt<T>()
      return try session.write(&doubt, work)
    }
  }

  /// On the recorder's connection.
  func recordBlocking<T>(_ work: (inout PostgresSession) throws -> T) throws(StoreError) -> T {
    try blocking(recording, work)
  }

  private func onThread<T: Sendable>(
    _ pool: PostgresPool, _ work: @escaping @Sendable (inout PostgresSession) throws -> T
  ) async throws(StoreError) -> T {
    do {
      return try await pool.run(work)
    } catch {
      throw StoreError(error, server: location)
    }
  }

  private func blocking<T>(
    _ pool: PostgresPool, _ work: (inout PostgresSession) throws -> T
  ) throws(StoreError) -> T {
    do {
      return try pool.runBlocking(work)
    } catch {
      throw StoreError(error, server: location)
    }
  }
}
