import Foundation
import SealpostCore
import SealpostSigning

/// How the secrets of a webhook are sealed: as SQLite's store does it, so that they move from there.
extension PostgresStore {
  /// A token as its column holds it.
  func seal(_ token: WebhookToken, webhook id: String) throws -> [UInt8] {
    try box.seal(token.bytes, context: SQLiteStore.context(ofToken: id))
  }

  /// Headers as their column holds them; nil where there are none.
  func seal(_ headers: [WebhookHeader], webhook id: String) throws -> [UInt8]? {
    guard !headers.isEmpty else { return nil }
    let text = try JSONEncoder().encode(headers.map { [$0.name, $0.value] })
    return try text.withUnsafeBytes {
      try box.seal($0, context: SQLiteStore.context(ofHeaders: id))
    }
  }

  /// Gives a webhook a client certificate, or none any more.
  func setClientCertificate(
    _ certificate: ClientCertificate?, webhook id: String, _ connection: PostgresConnection
  ) throws {
    let key = try certificate?.privateKey.map {
      try box.seal($0, context: SQLiteStore.context(ofClientKey: id))
    }
    try connection.query(
      """
      UPDATE webhooks SET client_chain = $1, client_key = $2, client_subject = $3,
        client_expires_at = $4 WHERE id = $5
      """,
      [certificate?.chain, key, certificate?.subject, certificate?.expiresAt.nanoseconds, id])
  }
}
