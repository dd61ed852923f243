import SealpostControl
import SealpostCore
import SealpostSigning

/// Lets holders of tokens in, and slows down whoever guesses: failures are counted by the token's public part
/// and address, and by address. Right tokens always get in from an address that only others guess from, so
/// nobody locks everyone out, behind a proxy neither. Any thread.
struct SignInGuard: Sendable {
  private static let tooMany = ControlError(
    .tooMany(wait: .seconds(60)), "rate_limited",
    "Too many failed sign-ins from your address: wait a minute.")

  private let control: ControlPlane
  private let settings: ServerSettings
  private let failuresOfTokens = RateLimiter(seconds: 60)
  private let failuresOfAddresses = RateLimiter(seconds: 60)

  init(control: ControlPlane, settings: ServerSettings) {
    self.control = control
    self.settings = settings
  }

  /// The holder of a token that came from an address.
  ///
  /// - Throws: `unauthenticated`, or `tooMany` where that happened too often.
  func principal(ofToken text: String, from address: String) async throws -> Principal {
    let key = AccessToken(parsing: text).map { "\($0.id) \(address)" }
    if let key, failuresOfTokens.isUsedUp(settings.failuresPerToken, for: key) {
      throw Self.tooMany
    }
    return try await counting(key, address) { try await control.principal(ofToken: text) }
  }

  /// The holder of a ticket that came from an address.
  func principal(ofTicket text: String, from address: String) async throws -> Principal {
    try await counting(nil, address) { try await control.redeemTicket(text) }
  }

  private func counting(
    _ key: String?, _ address: String, _ work: () async throws -> Principal
  ) async throws -> Principal {
    do {
      return try await work()
    } catch let error as ControlError where error.kind == .unauthenticated {
      guard failuresOfAddresses.take(of: settings.failuresPerAddress, for: address).isGranted else {
        throw Self.tooMany
      }
      if let key { _ = failuresOfTokens.take(of: settings.failuresPerToken, for: key) }
      throw error
    }
  }
}
