import Foundation
import GRDB
import SealpostCore
import SealpostSigning

/// How the secrets of a webhook are sealed.
extension SQLiteStore {
  private static let slice = 500

  /// What a webhook's tokens are sealed with besides the key.
  static func context(ofToken webhook: String) -> [UInt8] { Array(webhook.utf8) }

  /// What a webhook's headers are sealed with besides the key.
  static func context(ofHeaders webhook: String) -> [UInt8] { Array("headers \(webhook)".utf8) }

  /// What the key of a webhook's client certificate is sealed with besides the key.
  static func context(ofClientKey webhook: String) -> [UInt8] {
    Array("client key \(webhook)".utf8)
  }

  /// A token as its column holds it.
  func seal(_ token: WebhookToken, webhook id: String) throws -> Data {
    Data(try box.seal(token.bytes, context: Self.context(ofToken: id)))
  }

  /// Headers as their column holds them; nil where there are none.
  func seal(_ headers: [WebhookHeader], webhook id: String) throws -> Data? {
    guard !headers.isEmpty else { return nil }
    let text = try JSONEncoder().encode(headers.map { [$0.name, $0.value] })
    return Data(
      try text.withUnsafeBytes { try box.seal($0, context: Self.context(ofHeaders: id)) })
  }

  /// Seals headers that an earlier version kept in clear text, and leaves no trace of the text in the file.
  func sealPlainHeaders() throws(StoreError) {
    var count = 0
    var isChanged = false
    repeat {
      count = try writeBlocking { [self] database in
        let rows = try Row.fetchAll(
          database, sql: "SELECT key, id, headers FROM webhooks WHERE headers <> '[]' LIMIT ?",
          arguments: [Self.slice])
        guard !rows.isEmpty else { return 0 }
        try database.withSecureDeletion {
          for row in rows {
            let pairs = try JSONDecoder().decode(
              [[String]].self, from: Data((row["headers"] as String).utf8))
            let headers = try pairs.map { try WebhookHeader(name: $0[0], value: $0[1]) }
            try database.execute(
              sql: "UPDATE webhooks SET headers = '[]', sealed_headers = ? WHERE key = ?",
              arguments: [try seal(headers, webhook: row["id"]), row["key"] as Int64])
          }
        }
        return rows.count
      }
      isChanged = isChanged || count > 0
    } while count == Self.slice
    if isChanged { forgetOverwrittenPages() }
  }

  /// Empties the write-ahead log, which holds pages as they were. Where somebody reads it at the moment, it is
  /// emptied when it is full.
  func forgetOverwrittenPages() {
    _ = try? pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
  }
}

extension Database {
  /// Does work whose deletions leave nothing in the file: SQLite writes zeros over what it frees.
  func withSecureDeletion<Result>(_ work: () throws -> Result) throws -> Result {
    try execute(sql: "PRAGMA secure_delete = ON")
    defer { try? execute(sql: "PRAGMA secure_delete = OFF") }
    return try work()
  }
}
