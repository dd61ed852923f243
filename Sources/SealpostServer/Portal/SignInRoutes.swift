import HTTPTypes
import Hummingbird
import NIOCore
import SealpostControl
import SealpostCore

/// Signing in with a token or a ticket, and signing out.
struct SignInRoutes: Sendable {
  private struct View {
    var next = "/webhooks"
    var ticket: String?
    var problem: String?
  }

  let control: ControlPlane
  let signIn: SignInGuard
  let sessions: PortalSessions

  /// Adds the routes.
  func add(to router: Router<ServerContext>) {
    router.get("/sign-in") { request, _ in
      let query = try FormFields(request.uri.query ?? "")
      let view = View(next: RequestOrigin.localPath(query["next"]), ticket: query.filled("ticket"))
      return try Self.page(view, .ok)
    }
    router.post("/sign-in") { request, context in
      do {
        return try await begin(request, context)
      } catch {
        let failure = error is NIOTooManyBytesError ? .bodyTooLarge : ControlError(error)
        let message =
          failure.code == "bad_token"
          ? "This token is unknown, expired or revoked. Check that it is whole: it begins with sp_."
          : failure.message
        return try Self.page(View(problem: message), APIAnswer(failure).status)
      }
    }
    router.post("/sign-out") { request, _ in
      var response = PortalResponse.redirect("/sign-in")
      // Whoever is made to sign out by another site loses nothing but a session; still it is refused.
      guard RequestOrigin.isOurs(request) else { return response }
      if let key = SessionCookie.key(request) { sessions.end(key) }
      response.setCookie(SessionCookie.removal(for: request))
      return response
    }
  }

  private func begin(_ request: Request, _ context: ServerContext) async throws -> Response {
    guard RequestOrigin.isOurs(request) else {
      throw ControlError(
        .forbidden, "foreign_form", "Another site sent this form: sign in here instead.")
    }
    let form = try FormFields(String(buffer: try await request.body.collect(upTo: 4096)))
    let principal =
      if let ticket = form.filled("ticket") {
        try await signIn.principal(ofTicket: ticket, from: context.remoteAddress)
      } else {
        try await signIn.principal(
          ofToken: form.filled("token") ?? "", from: context.remoteAddress)
      }
    try principal.require(.webhookRead)
    try await control.noteSignIn(by: principal)
    // A session that was there is not taken over: its key may be known to somebody.
    if let old = SessionCookie.key(request) { sessions.end(old) }
    var response = PortalResponse.redirect(RequestOrigin.localPath(form["next"]))
    response.setCookie(
      SessionCookie.make(sessions.begin(tokenID: principal.id), for: request))
    return response
  }

  private static func page(_ view: View, _ status: HTTPResponse.Status) throws -> Response {
    try PortalResponse.make("sign-in", title: "Sign in", view: view, status: status)
  }
}
