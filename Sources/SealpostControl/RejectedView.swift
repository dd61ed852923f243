import Foundation
import SealpostCore
public import SealpostStore

/// A rejected message as JSON.
public struct RejectedView: Encodable, Sendable {
  let id: Int64
  let reason, detail, receivedAt, body: String
  let account, messageId: String?
  let bytes: Int

  /// The view of a message, with so many of its bytes in base64.
  public init(_ row: RejectedEntry, most: Int = 4096) {
    id = row.id
    account = row.account
    bytes = row.body.count
    reason = row.reason
    detail = row.detail
    receivedAt = row.receivedAt.iso8601
    messageId = row.messageID
    body = Data(row.body.prefix(most)).base64EncodedString()
  }
}
