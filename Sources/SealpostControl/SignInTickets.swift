import SealpostCore
import SealpostSigning
import Synchronization

/// Tickets with which the holder of a token signs in to the portal once, without typing the token. They live
/// in this process alone, for ten minutes. Any thread.
final class SignInTickets: Sendable {
  static let lifetime = Duration.seconds(600)
  private static let most = 1000

  private struct Ticket {
    var tokenID: String
    var endsAt: Timestamp
  }

  // By the hash of the ticket, so that looking one up tells nothing about the others.
  private let tickets = Mutex<[[UInt8]: Ticket]>([:])

  /// Makes a ticket for the holder of a token; nil where there are too many that nobody used.
  func issue(for tokenID: String, now: Timestamp) -> String? {
    let digits = Array("0123456789abcdef")
    let text = String(
      RandomBytes.make(32).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    return tickets.withLock { tickets in
      tickets = tickets.filter { $0.value.endsAt > now }
      guard tickets.count < Self.most else { return nil }
      tickets[Self.hash(text)] = Ticket(tokenID: tokenID, endsAt: now + Self.lifetime)
      return text
    }
  }

  /// Whose ticket it is; it is good for nothing afterwards.
  func redeem(_ text: String, now: Timestamp) -> String? {
    let ticket = tickets.withLock { $0.removeValue(forKey: Self.hash(text)) }
    return ticket.flatMap { $0.endsAt > now ? $0.tokenID : nil }
  }

  private static func hash(_ text: String) -> [UInt8] {
    Array(text.utf8).withUnsafeBytes { Digest.sha256($0) }
  }
}
