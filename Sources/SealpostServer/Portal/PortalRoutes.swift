import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import SealpostControl
import SealpostCore

/// The routes of the portal: who asks, that a page of ours asked, and what is shown when something is wrong
/// is settled here for all of them.
struct PortalRoutes: Sendable {
  /// Every page there is for somebody who signed in.
  static let pages =
    AccountPages.routes + WebhookPages.routes + WebhookFormPages.routes + WebhookActionPages.routes
    + ReplayPages.routes + LogPages.routes + QueuePages.routes + DeadPages.routes
    + RejectedPages.routes + AuditPages.routes

  let control: ControlPlane
  let signIn: SignInGuard
  let sessions = PortalSessions()

  /// Adds the routes.
  func add(to router: Router<ServerContext>) {
    router.get("/") { _, _ in PortalResponse.redirect("/webhooks") }
    router.get("/assets/{name}") { _, context in
      try PortalAssets.response(context.parameters.require("name")).orNotFound
    }
    SignInRoutes(control: control, signIn: signIn, sessions: sessions).add(to: router)
    for page in Self.pages {
      router.on(RouterPath(page.path), method: page.method) { request, context in
        await answer(page, request, context)
      }
    }
    let missing = PortalRoute.get("**") { _ in throw Self.noPage }
    router.get("**") { request, context in
      guard request.headers[.accept]?.contains("text/html") == true else {
        throw HTTPError(.notFound)
      }
      let isSignedIn = SessionCookie.key(request).flatMap { sessions.session($0) } != nil
      return isSignedIn
        ? await answer(missing, request, context) : try PortalResponse.plainError(Self.noPage)
    }
  }

  private func answer(_ page: PortalRoute, _ request: Request, _ context: ServerContext) async
    -> Response
  {
    var visit: PortalVisit?
    do {
      guard RequestOrigin.isOurs(request) || page.method == .get else { throw Self.foreignForm }
      guard let key = SessionCookie.key(request), let session = sessions.session(key) else {
        return Self.signIn(request)
      }
      let holder: Principal
      do {
        holder = try await control.principal(ofTokenID: session.tokenID)
      } catch let error as ControlError where error.kind == .unauthenticated {
        sessions.end(key)
        return Self.signIn(request)
      }
      let made = PortalVisit(
        control: control, sessions: sessions, sessionKey: key, session: session, holder: holder,
        path: request.uri.path, query: try FormFields(request.uri.query ?? ""),
        form: try await Self.form(page, request), parameters: context.parameters)
      visit = made
      if page.method == .post, !Self.isEqual(made.form["key"] ?? "", session.formKey) {
        throw Self.foreignForm
      }
      return try await PortalResponse.make(try await page.handle(made), made)
    } catch {
      let failure = error is NIOTooManyBytesError ? .bodyTooLarge : ControlError(error)
      if failure.kind == .failed || failure.kind == .unavailable {
        context.logger.error(
          "a page failed", metadata: ["page": "\(page.path)", "error": "\(error)"])
      }
      return await PortalResponse.error(failure, visit)
    }
  }

  private static let noPage = ControlError.notFound("page at this address")
  private static let foreignForm = ControlError(
    .forbidden, "foreign_form", "The form is not from this session: open the page again.")

  private static func form(_ page: PortalRoute, _ request: Request) async throws -> FormFields {
    guard page.method == .post else { return try FormFields("") }
    let body = try await request.body.collect(upTo: FormFields.mostBytes)
    return try FormFields(String(buffer: body))
  }

  private static func signIn(_ request: Request) -> Response {
    guard request.method == .get else { return PortalResponse.redirect("/sign-in") }
    var path = request.uri.path
    if let query = request.uri.query { path += "?" + query }
    return PortalResponse.redirect("/sign-in?next=\(FormFields.encode(path))")
  }

  /// Whether two texts are equal, in a time that does not tell where they differ.
  private static func isEqual(_ one: String, _ other: String) -> Bool {
    guard one.utf8.count == other.utf8.count else { return false }
    return zip(one.utf8, other.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }
}

extension Optional where Wrapped == Response {
  /// The response, or an answer that there is none.
  fileprivate var orNotFound: Response {
    get throws {
      guard let self else { throw HTTPError(.notFound) }
      return self
    }
  }
}
