import Foundation
import SealpostCore

/// The event that a notice is. Only host and path of the URL: its query may hold secrets.
struct NoticeBody: Encodable {
  struct Contents: Encodable {
    let webhook: Subject
    let reason: String
  }

  struct Subject: Encodable {
    let id, name, url: String
  }

  let event: String
  let data: Contents
  let triggeredAt: String

  init(_ change: HealthChange, webhook: String, name: String, url: String, triggeredAt: Timestamp) {
    event = change.kind.rawValue
    data = Contents(
      webhook: Subject(
        id: webhook, name: name, url: (try? WebhookURL(parsing: url))?.withoutQuery ?? ""),
      reason: change.why)
    self.triggeredAt = triggeredAt.iso8601
  }

  /// The bytes that are published.
  func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }
}
