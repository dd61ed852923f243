import SealpostCore
import SealpostStore

extension ControlPlane {
  /// For how long a ticket for the portal is good.
  public static let ticketLifetime = SignInTickets.lifetime

  /// The holder of the token of that public part, for whoever showed the token before.
  ///
  /// - Throws: `unauthenticated` where the token has ended since.
  public func principal(ofTokenID id: String) async throws -> Principal {
    guard let record = try await store.apiToken(id), record.isValid(at: .now()) else {
      throw ControlError(
        .unauthenticated, "session_over", "The access token expired or was revoked: sign in again.")
    }
    return Principal(record)
  }

  /// Makes a ticket with which the principal signs in to this process's portal once.
  public func issueTicket(by principal: Principal) async throws -> String {
    guard !principal.id.isEmpty else {
      throw ControlError(.forbidden, "no_token", "Only the holder of a token can sign in.")
    }
    guard let ticket = signInTickets.issue(for: principal.id, now: .now()) else {
      throw ControlError(
        .tooMany(wait: Self.ticketLifetime), "too_many_tickets",
        "Too many sign-in links wait to be used: use one, or wait until they end.")
    }
    try await note("portal.ticket", principal.id, account: principal.account, by: principal)
    return ticket
  }

  /// Whose ticket it is. It is good for nothing afterwards.
  ///
  /// - Throws: `unauthenticated`, with the same words whatever is wrong with it.
  public func redeemTicket(_ ticket: String) async throws -> Principal {
    guard let id = signInTickets.redeem(ticket, now: .now()) else {
      throw ControlError(
        .unauthenticated, "bad_ticket",
        "This sign-in link was used already or is over: ask for a new one, or sign in with a token."
      )
    }
    return try await principal(ofTokenID: id)
  }

  /// Keeps in the audit log that somebody signed in to the portal.
  public func noteSignIn(by principal: Principal) async throws {
    try await note("portal.sign_in", principal.id, account: principal.account, by: principal)
  }

  /// The accounts that have webhooks, by name, for an administrator to choose from.
  public func accounts(limit: Int = 1000, by principal: Principal) async throws -> [String] {
    try principal.require(.webhookRead)
    try principal.requireAdministrator()
    return try await store.accounts(limit: limit)
  }
}
