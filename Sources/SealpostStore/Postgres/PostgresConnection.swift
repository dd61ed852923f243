internal import CPostgres
import Foundation
import SealpostCore

/// A connection to a server. It blocks, and belongs to one thread at a time.
///
/// Every wait ends: the server gives a statement up after `statementTime`, and a server that does not even
/// do that is given up a little later, by this side.
final class PostgresConnection {
  private static let statementTime = Duration.seconds(10)
  private static let silentTime = Duration.seconds(15)

  /// What is as usual unless the URL says otherwise: among several servers the one that takes writes, and
  /// a lost one noticed soon.
  private static let usual = [
    ("target_session_attrs", "read-write"), ("connect_timeout", "5"),
    ("application_name", "sealpost"), ("keepalives_idle", "10"), ("keepalives_interval", "5"),
    ("keepalives_count", "3"), ("tcp_user_timeout", "15000"),
  ]

  private let handle: OpaquePointer
  /// The names of the statements that the server keeps, by their text.
  private var names: [String: String] = [:]
  private var patience = PostgresConnection.silentTime

  /// Connects, which may take some seconds.
  init(url: String) throws {
    let settings = Self.usual + [("dbname", url), ("client_encoding", "UTF8")]
    var keywords = settings.map { UnsafePointer(strdup($0.0)) } + [nil]
    var values = settings.map { UnsafePointer(strdup($0.1)) } + [nil]
    defer { for text in keywords + values { free(UnsafeMutablePointer(mutating: text)) } }
    guard let handle = PQconnectdbParams(&keywords, &values, 1) else {
      throw PostgresError.lost("there is no memory for a connection")
    }
    self.handle = handle
    guard PQstatus(handle) == CONNECTION_OK else { throw PostgresError.unconnected(words) }
    PQsetnonblocking(handle, 1)
    for setting in [
      ("statement_timeout", "\(Self.statementTime.milliseconds)"), ("lock_timeout", "5000"),
      ("idle_in_transaction_session_timeout", "30000"),
    ] {
      try query("SELECT set_config($1, $2, FALSE)", [setting.0, setting.1])
    }
    // What is committed is on a disk, whatever the server's usual is.
    try query(
      """
      SELECT set_config('synchronous_commit', 'on', FALSE)
      WHERE current_setting('synchronous_commit') = 'off'
      """)
  }

  deinit { PQfinish(handle) }

  /// Whether a transaction is open.
  var isInTransaction: Bool { PQtransactionStatus(handle) != PQTRANS_IDLE }

  /// Carries out one statement and waits for its answer.
  @discardableResult
  func query(_ sql: String, _ values: [any PostgresParameter] = []) throws -> PostgresResult {
    try run(PostgresStatement(sql, values))
  }

  /// Carries out one statement and waits for its answer.
  @discardableResult
  func run(_ statement: PostgresStatement) throws -> PostgresResult {
    try prepare(statement)
    try send(statement)
    return try answer()
  }

  /// Carries out statements on one way to the server and back, in libpq's pipeline mode. Their answers
  /// together are to be smaller than what sockets hold.
  func pipeline(_ statements: [PostgresStatement]) throws -> [PostgresResult] {
    guard !statements.isEmpty else { return [] }
    for statement in statements { try prepare(statement) }
    guard PQenterPipelineMode(handle) == 1 else { throw lost() }
    for statement in statements { try send(statement) }
    guard PQpipelineSync(handle) == 1 else { throw lost() }
    var results: [PostgresResult] = []
    var failure: PostgresError?
    for _ in statements {
      do {
        results.append(try answer())
      } catch let error as PostgresError {
        if case .lost = error, PQstatus(handle) != CONNECTION_OK { throw error }
        failure = failure ?? error
      }
    }
    // The end of the pipeline.
    guard let end = try nextResult() else { throw lost() }
    PQclear(end)
    guard PQexitPipelineMode(handle) == 1 else { throw lost() }
    if let failure { throw failure }
    return results
  }

  /// Does work whose statements may take their time.
  func patiently(_ work: () throws -> Void) throws {
    patience = .seconds(3600)
    defer { patience = Self.silentTime }
    try work()
  }

  /// Carries out statements without values, as those of migrations are.
  func script(_ sql: String) throws {
    guard PQsendQuery(handle, sql) == 1 else { throw lost() }
    _ = try answer()
  }

  private func prepare(_ statement: PostgresStatement) throws {
    guard statement.isPrepared, names[statement.sql] == nil else { return }
    let name = "s\(names.count)"
    let types = statement.types
    guard PQsendPrepare(handle, name, statement.sql, Int32(types.count), types) == 1 else {
      throw lost()
    }
    _ = try answer()
    names[statement.sql] = name
  }

  private func send(_ statement: PostgresStatement) throws {
    let count = Int32(statement.values.count)
    let formats = [Int32](repeating: 1, count: statement.values.count)
    let isSent = statement.withValues { values, lengths in
      if statement.isPrepared, let name = names[statement.sql] {
        return PQsendQueryPrepared(handle, name, count, values, lengths, formats, 1)
      }
      return PQsendQueryParams(
        handle, statement.sql, count, statement.types, values, lengths, formats, 1)
    }
    guard isSent == 1 else { throw lost() }
  }

  /// The last result of the statement that is next in turn, or its error.
  private func answer() throws -> PostgresResult {
    var last: PostgresResult?
    var failure: PostgresError?
    while let pointer = try nextResult() {
      let result = PostgresResult(pointer)
      switch PQresultStatus(pointer) {
      case PGRES_COMMAND_OK, PGRES_TUPLES_OK: last = result
      case PGRES_PIPELINE_ABORTED:
        failure = failure ?? .server(state: "25P02", words: "an earlier statement failed")
      default:
        let state = sealpost_postgres_state(pointer).map { String(cString: $0) } ?? ""
        let words =
          sealpost_postgres_words(pointer).map { String(cString: $0) }
          ?? String(cString: PQerrorMessage(handle))
        failure = failure ?? .of(state: state.isEmpty ? "08000" : state, words: words)
      }
    }
    if let failure { throw failure }
    guard let last else { throw lost() }
    return last
  }

  /// Sends what is left to send and waits until a result is there; nil at the end of a statement's.
  private func nextResult() throws -> OpaquePointer? {
    let deadline = MonotonicTime.nanoseconds() + patience.nanoseconds
    while true {
      let unsent = PQflush(handle)
      guard unsent >= 0 else { throw lost() }
      if unsent == 0, PQisBusy(handle) == 0 { return PQgetResult(handle) }
      let left = deadline - MonotonicTime.nanoseconds()
      guard left > 0 else { throw PostgresError.lost("the server does not answer") }
      var descriptor = pollfd(
        fd: PQsocket(handle), events: Int16(unsent == 0 ? POLLIN : POLLIN | POLLOUT), revents: 0)
      _ = poll(&descriptor, 1, Int32(left / 1_000_000) + 1)
      if descriptor.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0,
        PQconsumeInput(handle) == 0
      {
        throw lost()
      }
    }
  }

  private func lost() -> PostgresError { .lost(words) }

  /// What libpq says of its last error, in a line.
  private var words: String {
    String(cString: PQerrorMessage(handle)).split(separator: "\n")
      .map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: "; ")
  }
}

extension Duration {
  fileprivate var milliseconds: Int64 { nanoseconds / 1_000_000 }
}
