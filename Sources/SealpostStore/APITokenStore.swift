/// Keeps the tokens of the API.
public protocol APITokenStore: Sendable {
  /// Adds a token.
  func add(_ token: APIToken) async throws(StoreError)
  /// The token of that public part, also where it expired or was revoked; nil where there is none.
  func apiToken(_ id: String) async throws(StoreError) -> APIToken?
  /// All tokens, or those of one account, newest first.
  func apiTokens(account: String?) async throws(StoreError) -> [APIToken]
  /// Ends a token for good.
  func revokeAPIToken(_ id: String) async throws(StoreError)
}
