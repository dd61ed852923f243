import Foundation
import GRDB
import SealpostCore
import SealpostSigning

extension SQLiteStore {
  /// Gives a webhook a client certificate, or none any more.
  func setClientCertificate(
    _ certificate: ClientCertificate?, webhook id: String, _ database: Database
  ) throws {
    try database.execute(
      sql: """
        UPDATE webhooks SET client_chain = ?, client_key = ?, client_subject = ?, client_expires_at = ?
        WHERE id = ?
        """,
      arguments: [
        certificate?.chain,
        try certificate?.privateKey.map {
          Data(try box.seal($0, context: Self.context(ofClientKey: id)))
        }, certificate?.subject, certificate?.expiresAt.nanoseconds, id,
      ])
  }

  /// The client certificate of a row. A key that cannot be decrypted leaves it without.
  func clientCertificate(_ row: Row) -> ClientCertificate? {
    guard let chain = row["client_chain"] as String? else { return nil }
    let key = (row["client_key"] as Data?).flatMap { sealed in
      try? box.open(Array(sealed), context: Self.context(ofClientKey: row["id"]))
    }
    return ClientCertificate(
      chain: chain, privateKey: key, subject: row["client_subject"],
      expiresAt: Timestamp(nanoseconds: row["client_expires_at"]))
  }
}
