import Foundation
import SealpostCore
import SealpostTesting
import Synchronization

/// A PostgreSQL database of a test's own, made when it is first asked for.
final class TestDatabase: Sendable {
  /// The base64 of 32 bytes.
  static let secretKey = SecretBytes(Data(repeating: 7, count: 32).base64EncodedString().utf8)

  private let name = "test_" + UUID().uuidString.lowercased().replacing("-", with: "")
  private let isMade = Mutex(false)

  /// Its URL.
  var url: String {
    get throws { try made().url(of: name) }
  }

  /// Its URL behind a proxy.
  func url(by proxy: LossyProxy) throws -> String { try made().url(of: name, port: proxy.port) }

  /// Carries out statements and gives what psql prints.
  @discardableResult
  func query(_ sql: String) throws -> String { try made().query(sql, in: name) }

  /// All rows, as pg_dump(1) prints them.
  func dump() throws -> String { try made().dump(name) }

  private func made() throws -> PostgresServer {
    let server = try PostgresServer.shared.get()
    try isMade.withLock { isMade in
      if !isMade { try server.createDatabase(name) }
      isMade = true
    }
    return server
  }
}
