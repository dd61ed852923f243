public import SealpostCore

/// A token of the API as the store keeps it: its hash, never itself.
public struct APIToken: Sendable, Identifiable {
  /// The public part of the token.
  public var id: String
  /// What its owner calls it.
  public var name: String
  /// The only account that it may act for; nil for an administrator's, which may act for any.
  public var account: String?
  /// What it may do.
  public var scopes: Set<AccessScope>
  /// The hash of the whole token.
  public var hash: [UInt8]
  /// When it was made.
  public var createdAt: Timestamp
  /// When it ends; nil for never.
  public var expiresAt: Timestamp?
  /// Since when it is revoked.
  public var revokedAt: Timestamp?

  /// Makes a token from its parts.
  public init(
    id: String, name: String, account: String?, scopes: Set<AccessScope>, hash: [UInt8],
    createdAt: Timestamp, expiresAt: Timestamp? = nil, revokedAt: Timestamp? = nil
  ) {
    self.id = id
    self.name = name
    self.account = account
    self.scopes = scopes
    self.hash = hash
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.revokedAt = revokedAt
  }

  /// Whether it is good for anything at that time.
  public func isValid(at time: Timestamp) -> Bool {
    revokedAt == nil && (expiresAt.map { time < $0 } ?? true)
  }
}
