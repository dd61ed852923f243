import HTTPTypes
import Hummingbird
import NIOCore
import SealpostControl

/// Answers of the portal as Hummingbird sends them.
enum PortalResponse {
  private static let policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

  private struct ErrorView {
    let statusCode: Int
    let heading, message, backPath, backLabel: String
  }

  /// The response to a visit.
  static func make(_ answer: PortalAnswer, _ visit: PortalVisit) async throws -> Response {
    switch answer {
    case .page(let name, let title, let section, let view, let status):
      let frame = try await PageFrame(title: title, section: section, view: view, visit: visit)
      return html(try PortalTemplates.render(frame, with: name), status)
    case .part(let name, let view):
      return html(try PortalTemplates.renderPart(PartFrame(view, visit), with: name), .ok)
    case .csv(let text, let name):
      var headers: HTTPFields = [.contentType: "text/csv; charset=utf-8; header=present"]
      headers[.contentDisposition] = "attachment; filename=\"\(name)\""
      return Response(
        status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(string: text)))
    case .redirect(let path, let notice):
      if let notice { visit.sessions.change(visit.sessionKey) { $0.notice = notice } }
      return redirect(path)
    }
  }

  /// The page for somebody who did not sign in.
  static func make(_ name: String, title: String, view: Any, status: HTTPResponse.Status) throws
    -> Response
  {
    html(try PortalTemplates.render(PageFrame(title: title, view: view), with: name), status)
  }

  /// Another page. The browser asks for it with GET.
  static func redirect(_ path: String) -> Response {
    var response = html("", .seeOther)
    response.headers[.location] = path
    return response
  }

  /// The page that says what went wrong, in the frame of the visit where there is one.
  static func error(_ error: ControlError, _ visit: PortalVisit? = nil) async -> Response {
    let answer = APIAnswer(error)
    do {
      guard let visit else { return try plainError(error) }
      let page = PortalAnswer.page(
        "error", title: heading(error), section: .none, view: view(error), status: answer.status)
      var response = try await make(page, visit)
      response.headers[.retryAfter] = answer.headers[.retryAfter]
      return response
    } catch {
      // The store does not even give what a frame needs.
      return (try? plainError(ControlError(error))) ?? Response(status: .internalServerError)
    }
  }

  /// The page that says what went wrong, without a session.
  static func plainError(_ error: ControlError) throws -> Response {
    try make(
      "error", title: heading(error), view: view(error), status: APIAnswer(error).status)
  }

  private static func view(_ error: ControlError) -> ErrorView {
    ErrorView(
      statusCode: APIAnswer(error).status.code, heading: heading(error), message: error.message,
      backPath: "/webhooks", backLabel: "Go to the webhooks")
  }

  private static func heading(_ error: ControlError) -> String {
    switch error.kind {
    case .invalid, .tooLarge: "That cannot be done"
    case .unauthenticated: "Sign in first"
    case .forbidden: "That is not allowed"
    case .notFound: "Not found"
    case .conflict: "That does not go together"
    case .tooMany: "Too many at once"
    case .unavailable: "Not to be had at the moment"
    case .failed: "Something went wrong"
    }
  }

  private static func html(_ text: String, _ status: HTTPResponse.Status) -> Response {
    var headers: HTTPFields = [.contentType: "text/html; charset=utf-8"]
    for (name, value) in [
      ("Content-Security-Policy", policy), ("Referrer-Policy", "same-origin"),
      ("X-Frame-Options", "DENY"), ("Cross-Origin-Opener-Policy", "same-origin"),
    ] {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    return Response(
      status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: text)))
  }
}

/// What a part of a page has of the frame.
private struct PartFrame {
  let view: Any
  let formKey: String
  let mayWrite: Bool

  init(_ view: Any, _ visit: PortalVisit) {
    self.view = view
    formKey = visit.session.formKey
    mayWrite = visit.mayWrite
  }
}
