import Foundation
import Glibc

/// A PostgreSQL server for tests: temporary folder, free port, nobody's password, nothing forced to disk,
/// stopped by process id.
public final class PostgresServer: Sendable {
  /// Why a server does not start.
  public struct StartFailure: Error {
    /// What it printed last.
    public let output: String
  }

  private static let programs = "/usr/lib/postgresql/15/bin/"
  private static let user = "sealpost"

  /// The port on the loopback address.
  public let port: UInt16
  private let folder: String

  /// One server for the whole test process, stopped at its end.
  public static let shared: Result<PostgresServer, any Error> = Result {
    let server = try PostgresServer()
    atexit { if case .success(let server) = PostgresServer.shared { server.stop() } }
    return server
  }

  /// Starts a server and waits until it serves.
  public init() throws {
    port = FreePort.find()
    folder = FileManager.default.temporaryDirectory.path + "/sealpost-postgres-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // The server refuses to run as root.
    if getuid() == 0, let owner = getpwnam("postgres") {
      chown(folder, owner.pointee.pw_uid, owner.pointee.pw_gid)
    }
    try run(
      "initdb", "-D", "\(folder)/data", "-A", "trust", "-U", Self.user, "--no-sync", "-E", "UTF8",
      "--locale=C.UTF-8")
    let options = [
      "-p \(port)", "-k \(folder)", "-c listen_addresses=127.0.0.1", "-c fsync=off",
      "-c max_connections=400", "-c shared_buffers=64MB",
    ]
    try run(
      "pg_ctl", "-D", "\(folder)/data", "-l", "\(folder)/log", "-o",
      options.joined(separator: " "), "-w", "-t", "60", "start")
  }

  /// The URL of a database.
  ///
  /// - Parameter port: another port than the server's, where a proxy stands before it.
  public func url(of database: String, port: UInt16? = nil) -> String {
    "postgresql://\(Self.user)@127.0.0.1:\(port ?? self.port)/\(database)"
  }

  /// Makes an empty database.
  public func createDatabase(_ name: String) throws {
    try run("createdb", "-h", "127.0.0.1", "-p", "\(port)", "-U", Self.user, name)
  }

  /// Carries out statements and gives what psql prints.
  @discardableResult
  public func query(_ sql: String, in database: String) throws -> String {
    try run(
      "psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url(of: database), "-c", sql)
  }

  /// All rows of a database, as pg_dump(1) prints them.
  public func dump(_ database: String) throws -> String {
    try run("pg_dump", "--data-only", "-d", url(of: database))
  }

  /// Starts the server again with TLS; for the database `certified` it then asks for a client certificate.
  ///
  /// - Parameters:
  ///   - name: the server's certificate, one of `certificates`.
  ///   - authority: the one that signs clients' certificates.
  public func serve(_ name: String, of certificates: TestCertificates, trusting authority: String)
    throws
  {
    for (file, copy) in [
      ("\(name).pem", "server.pem"), ("\(name).key", "server.key"),
      ("\(authority).pem", "authority.pem"),
    ] {
      let target = "\(folder)/data/\(copy)"
      try Data(contentsOf: URL(fileURLWithPath: "\(certificates.folder)/\(file)")).write(
        to: URL(fileURLWithPath: target))
      chmod(target, 0o600)
      if getuid() == 0, let owner = getpwnam("postgres") {
        chown(target, owner.pointee.pw_uid, owner.pointee.pw_gid)
      }
    }
    for (setting, value) in [
      ("ssl_cert_file", "server.pem"), ("ssl_key_file", "server.key"),
      ("ssl_ca_file", "authority.pem"), ("ssl", "on"),
    ] {
      try query("ALTER SYSTEM SET \(setting) = '\(value)'", in: "postgres")
    }
    try """
    hostssl certified all 127.0.0.1/32 cert
    host all all 127.0.0.1/32 trust

    """.write(toFile: "\(folder)/data/pg_hba.conf", atomically: false, encoding: .utf8)
    try run("pg_ctl", "-D", "\(folder)/data", "-m", "immediate", "-w", "-t", "60", "restart")
  }

  /// Stops the server and removes its folder.
  public func stop() {
    _ = system(
      "(\(command("pg_ctl", ["-D", "\(folder)/data", "-m", "immediate", "stop"])); rm -rf \(folder))"
    )
  }

  /// Runs a program of PostgreSQL's and gives what it prints.
  @discardableResult
  private func run(_ program: String, _ arguments: String...) throws -> String {
    let output = "\(folder)/output-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: output) }
    let status = system("\(command(program, arguments)) > \(output) 2>&1")
    let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
    guard status == 0 else { throw StartFailure(output: text) }
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// For the shell: Foundation's processes are waited for by a socket, which a server that is started goes on
  /// to hold, and are no longer waited for while this process exits.
  private func command(_ program: String, _ arguments: [String]) -> String {
    let words = ([Self.programs + program] + arguments).map {
      "'" + $0.replacing("'", with: "'\\''") + "'"
    }
    let user = getuid() == 0 ? "/usr/sbin/runuser -u postgres -- " : ""
    // A server that outlives a test process which crashed holds none of its files open.
    let closing = (3...9).map { "\($0)>&-" }.joined(separator: " ")
    return "cd / && \(user)\(words.joined(separator: " ")) \(closing)"
  }
}
