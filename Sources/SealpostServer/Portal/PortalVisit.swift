import Foundation
import Hummingbird
import SealpostControl
import SealpostCore

/// A request of somebody who signed in, as the handlers of pages see it.
struct PortalVisit: Sendable {
  let control: ControlPlane
  let sessions: PortalSessions
  /// The value of the session's cookie.
  let sessionKey: String
  let session: PortalSessions.Session
  /// The holder of the token.
  let holder: Principal
  /// The path without its query.
  let path: String
  let query: FormFields
  /// What a form sent; nothing for other requests.
  let form: FormFields
  let parameters: Parameters

  /// On whose behalf things are done: the holder, bound to the account that an administrator chose.
  var principal: Principal {
    guard holder.isAdministrator, let account = session.account else { return holder }
    return holder.acting(for: account)
  }

  /// Whether webhooks may be changed.
  var mayWrite: Bool { holder.scopes.contains(.webhookWrite) }

  /// The text of a parameter of the path.
  func text(_ name: String) -> String {
    let text = parameters.get(name) ?? ""
    return text.removingPercentEncoding ?? text
  }

  /// The id of a row in the path. What is no number is the id of no row.
  func rowID(_ what: String) throws(ControlError) -> Int64 {
    guard let id = Int64(text("id")), id >= 0 else { throw .notFound("\(what) \(text("id"))") }
    return id
  }

  /// Keeps a webhook's token, to be shown on its page once.
  func reveal(_ token: WebhookToken, of webhook: String) {
    sessions.change(sessionKey) { $0.revealed = (webhook, token) }
  }
}
