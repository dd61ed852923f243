public import SealpostCore

/// Who did what.
public struct AuditEntry: Sendable {
  /// Its number, rising; 0 until it is kept.
  public var id: Int64 = 0
  /// The account it was done to; nil for what concerns all of them.
  public var account: String?
  /// Who: a token by its name and public part, or the command line.
  public var actor: String
  /// What, such as `webhook.update`.
  public var action: String
  /// To which thing: its identity.
  public var subject: String
  /// What else there is to say, for people. Never holds a token.
  public var detail: String
  /// When.
  public var at: Timestamp

  /// Makes an entry of now from its parts.
  public init(
    account: String?, actor: String, action: String, subject: String, detail: String = "",
    at: Timestamp = .now()
  ) {
    self.account = account
    self.actor = actor
    self.action = action
    self.subject = subject
    self.detail = detail
    self.at = at
  }
}
