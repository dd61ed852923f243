public import SealpostCore
public import SealpostSigning
public import SealpostStore

extension ControlPlane {
  /// A token that was just made, for the one time that it is shown.
  public struct NewToken: Sendable {
    /// What the store keeps of it.
    public var record: APIToken
    /// The token.
    public var token: AccessToken
  }

  /// The holder of a token.
  ///
  /// - Throws: `unauthenticated`, with the same words whatever is wrong with it.
  public func principal(ofToken text: String) async throws -> Principal {
    let refusal = ControlError(
      .unauthenticated, "bad_token",
      "The access token is unknown, expired or revoked: send `Authorization: Bearer` and one that `sealpost tokens create` made."
    )
    guard let token = AccessToken(parsing: text), let record = try await store.apiToken(token.id),
      token.matches(hash: record.hash), record.isValid(at: .now())
    else { throw refusal }
    return Principal(record)
  }

  /// Makes a token.
  public func createToken(
    name: String, account: String?, scopes: Set<AccessScope>, expiresAt: Timestamp?,
    by principal: Principal
  ) async throws -> NewToken {
    try principal.requireAdministrator()
    var faults = FieldFaults()
    let rules = WebhookRules(settings: settings)
    let name = faults.check("name") { try rules.name(name) } ?? ""
    if let account, !AccountID.isValid(account) {
      faults.add("account", "bad_account", EventFault.badAccount.sentence)
    }
    if scopes.isEmpty {
      let known = AccessScope.allCases.map(\.rawValue).joined(separator: ", ")
      faults.add("scope", "no_scope", "Name at least one of \(known).")
    }
    if let expiresAt, expiresAt <= .now() {
      faults.add("expires", "in_the_past", "The token would be over already.")
    }
    try faults.throwIfAny()
    let token = AccessToken.make()
    let record = APIToken(
      id: token.id, name: name, account: account, scopes: scopes, hash: token.hash,
      createdAt: .now(), expiresAt: expiresAt)
    try await noting(
      "token.create", token.id, account: account, by: principal,
      "\(name): \(scopes.map(\.rawValue).sorted().joined(separator: ", "))"
    ).add(record)
    return NewToken(record: record, token: token)
  }

  /// All tokens, or those of one account.
  public func tokens(account: String?, by principal: Principal) async throws -> [APIToken] {
    try principal.requireAdministrator()
    return try await store.apiTokens(account: account)
  }

  /// Ends a token.
  public func revokeToken(_ id: String, by principal: Principal) async throws {
    try principal.requireAdministrator()
    let account = try await store.apiToken(id)?.account
    try await noting("token.revoke", id, account: account, by: principal).revokeAPIToken(id)
  }
}
