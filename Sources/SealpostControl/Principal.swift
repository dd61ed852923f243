public import SealpostCore
public import SealpostStore

/// On whose behalf something is asked for, and what that may be.
public struct Principal: Sendable {
  /// Who, for the audit log.
  public var name: String
  /// Whose idempotency keys and rate limit are used: the token's public part.
  public var id: String
  /// The only account that it may act for; nil for an administrator.
  public var account: String?
  /// What it may do.
  public var scopes: Set<AccessScope>

  /// Whoever runs commands on the machine: an administrator.
  public static let commandLine = Principal(
    name: "command line", id: "", account: nil, scopes: Set(AccessScope.allCases))

  /// Makes a principal from its parts.
  public init(name: String, id: String, account: String?, scopes: Set<AccessScope>) {
    self.name = name
    self.id = id
    self.account = account
    self.scopes = scopes
  }

  /// The holder of a token.
  public init(_ token: APIToken) {
    self.init(
      name: "\(token.name) (\(token.id))", id: token.id, account: token.account,
      scopes: token.scopes)
  }

  /// Whether it may act for any account.
  public var isAdministrator: Bool { account == nil }

  /// The same, bound to one account: what an administrator who chose one sees.
  public func acting(for account: String) -> Principal {
    var bound = self
    bound.account = account
    return bound
  }

  /// Throws unless it may do what the scope allows.
  public func require(_ scope: AccessScope) throws(ControlError) {
    guard scopes.contains(scope) else {
      throw ControlError(
        .forbidden, "missing_scope",
        "This token lacks the scope \(scope.rawValue): make one with `sealpost tokens create --scope \(scope.rawValue)`."
      )
    }
  }

  /// Throws unless it is an administrator.
  public func requireAdministrator() throws(ControlError) {
    guard isAdministrator else {
      throw ControlError(
        .forbidden, "administrators_only",
        "Only a token without an account may see this: it concerns all accounts.")
    }
  }

  /// The account that a request is about: its own; for administrators the one that was named, or all.
  ///
  /// - Throws: `forbidden` where another account is named.
  public func account(named name: String?) throws(ControlError) -> String? {
    if let name, !AccountID.isValid(name) {
      throw .invalid("account", "bad_account", EventFault.badAccount.sentence)
    }
    if let account, let name, name != account {
      throw ControlError(
        .forbidden, "other_account", "This token is for another account: leave `account` out.")
    }
    return account ?? name
  }

  /// Throws, as if there were no such thing, where it belongs to another account.
  func see(_ owner: String?, _ what: String) throws(ControlError) {
    guard account == nil || account == owner else { throw .notFound(what) }
  }
}
