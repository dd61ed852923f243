import SealpostCore
public import SealpostSigning
public import SealpostStore

/// A token of the API as JSON.
public struct TokenView: Encodable, Sendable {
  let id, name: String
  let account: String?
  let scopes: [String]
  let createdAt: String
  let expiresAt, revokedAt, token: String?

  /// The view of a token; with itself only when it was just made.
  public init(_ record: APIToken, token: AccessToken? = nil) {
    id = record.id
    name = record.name
    account = record.account
    scopes = record.scopes.map(\.rawValue).sorted()
    createdAt = record.createdAt.iso8601
    expiresAt = record.expiresAt?.iso8601
    revokedAt = record.revokedAt?.iso8601
    self.token = token?.clearText
  }
}
