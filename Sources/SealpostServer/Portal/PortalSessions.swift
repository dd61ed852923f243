import SealpostCore
import SealpostSigning
import Synchronization

/// What this process knows of those who signed in. A restart, a day, or two hours of silence end a session.
/// Any thread.
final class PortalSessions: Sendable {
  /// One browser that signed in.
  struct Session: Sendable {
    /// The public part of the token it showed. The token itself is forgotten.
    var tokenID: String
    /// What forms must bring back, so that no other site can send them.
    let formKey: String
    /// The account that an administrator chose; nil for all.
    var account: String?
    /// What is to be said on the next page.
    var notice: Notice?
    /// A webhook's token that is shown on its page once.
    var revealed: (webhook: String, token: WebhookToken)?
    fileprivate let startedAt: Timestamp
    fileprivate var seenAt: Timestamp
  }

  /// Something to be said once.
  struct Notice: Sendable {
    let text: String
    var isError = false
  }

  private static let longest = Duration.seconds(86400)
  private static let longestSilence = Duration.seconds(7200)
  private static let most = 10_000

  // By the hash of the cookie's value, so that looking one up tells nothing about the others.
  private let sessions = Mutex<[[UInt8]: Session]>([:])

  /// Begins a session; the value of its cookie.
  func begin(tokenID: String, now: Timestamp = .now()) -> String {
    let key = Self.randomText()
    let session = Session(
      tokenID: tokenID, formKey: Self.randomText(), startedAt: now, seenAt: now)
    sessions.withLock { sessions in
      if sessions.count >= Self.most {
        sessions = sessions.filter { Self.isAlive($0.value, now) }
        // Whoever was silent for longest gives way.
        if sessions.count >= Self.most,
          let oldest = sessions.min(by: { $0.value.seenAt < $1.value.seenAt })
        {
          sessions[oldest.key] = nil
        }
      }
      sessions[Self.hash(key)] = session
    }
    return key
  }

  /// The session of a cookie, or nil where it is over.
  func session(_ key: String, now: Timestamp = .now()) -> Session? {
    let hash = Self.hash(key)
    return sessions.withLock { sessions in
      guard var session = sessions[hash] else { return nil }
      guard Self.isAlive(session, now) else {
        sessions[hash] = nil
        return nil
      }
      session.seenAt = now
      sessions[hash] = session
      return session
    }
  }

  /// Changes a session that is there.
  func change(_ key: String, _ change: (inout Session) -> Void) {
    let hash = Self.hash(key)
    sessions.withLock { sessions in
      guard var session = sessions[hash] else { return }
      change(&session)
      sessions[hash] = session
    }
  }

  /// What is to be said on this page; nothing on the next.
  func takeNotice(_ key: String) -> Notice? {
    var notice: Notice?
    change(key) { session in
      notice = session.notice
      session.notice = nil
    }
    return notice
  }

  /// The token that this webhook's page shows once.
  func takeRevealed(_ key: String, webhook: String) -> WebhookToken? {
    var token: WebhookToken?
    change(key) { session in
      if session.revealed?.webhook == webhook { token = session.revealed?.token }
      session.revealed = nil
    }
    return token
  }

  /// Ends a session.
  func end(_ key: String) {
    let hash = Self.hash(key)
    sessions.withLock { $0[hash] = nil }
  }

  private static func isAlive(_ session: Session, _ now: Timestamp) -> Bool {
    now - session.startedAt < longest && now - session.seenAt < longestSilence
  }

  private static func hash(_ key: String) -> [UInt8] {
    Array(key.utf8).withUnsafeBytes { Digest.sha256($0) }
  }

  private static func randomText() -> String {
    let digits = Array("0123456789abcdef")
    return String(RandomBytes.make(32).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
