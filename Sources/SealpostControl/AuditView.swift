import SealpostCore
public import SealpostStore

/// An entry of the audit log as JSON.
public struct AuditView: Encodable, Sendable {
  let id: Int64
  let account: String?
  let actor, action, subject, detail, at: String

  /// The view of an entry.
  public init(_ entry: AuditEntry) {
    id = entry.id
    account = entry.account
    actor = entry.actor
    action = entry.action
    subject = entry.subject
    detail = entry.detail
    at = entry.at.iso8601
  }
}
