import HTTPTypes
import Hummingbird
import Logging
import SealpostControl

/// What holds for every request: an identity, headers that keep browsers from guessing, and an answer of
/// ours to whatever went wrong.
struct RequestMiddleware: RouterMiddleware {
  /// What holds where an answer says nothing else: it is nobody's page, frame, script or referrer.
  private static let strictHeaders = [
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Resource-Policy", "same-origin"), ("Cache-Control", "no-store"),
  ].compactMap { name, value in HTTPField.Name(name).map { HTTPField(name: $0, value: value) } }

  /// Whether connections are TLS by ourselves. Else a proxy may say so of its own.
  let isSecure: Bool

  func handle(
    _ request: Request, context: ServerContext,
    next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    var request = request
    // Nobody else has the say about it then.
    if isSecure {
      var head = request.head
      head.headerFields[RequestOrigin.forwardedProtocol] = "https"
      request = Request(head: head, body: request.body)
    }
    var response: Response
    do {
      response = try await next(request, context)
    } catch {
      response = Self.answer(error, request).response
      if response.status.kind == .serverError {
        context.logger.error("a request failed", metadata: ["error": "\(error)"])
      }
    }
    response.headers[Self.requestID] = context.id
    response.headers[.xContentTypeOptions] = "nosniff"
    for field in Self.strictHeaders where response.headers[field.name] == nil {
      response.headers.append(field)
    }
    if RequestOrigin.isSecure(request) {
      response.headers[.strictTransportSecurity] = "max-age=31536000"
    }
    return response
  }

  private static let requestID = HTTPField.Name("X-Request-Id") ?? .server

  private static func answer(_ error: any Error, _ request: Request) -> APIAnswer {
    guard let error = error as? any HTTPResponseError else { return APIAnswer(ControlError(error)) }
    switch error.status {
    case .notFound:
      let methods = APIRoutes.methods(at: request.uri.path).map(\.rawValue).joined(separator: ", ")
      guard methods.isEmpty else { return notAllowed(methods) }
      return APIAnswer(
        ControlError(
          .notFound, "no_such_path", "There is nothing at this path: GET /openapi.json lists all."))
    case .contentTooLarge: return APIAnswer(.bodyTooLarge)
    case let status where status.kind == .clientError:
      return APIAnswer(ControlError(.invalid, "bad_request", "The request cannot be read."))
    default: return APIAnswer(ControlError(error))
    }
  }

  private static func notAllowed(_ methods: String) -> APIAnswer {
    var answer = APIAnswer(
      ControlError(.invalid, "method_not_allowed", "Only \(methods) may be used here."))
    answer.status = .methodNotAllowed
    answer.headers[.allow] = methods
    return answer
  }
}

extension ControlError {
  /// A body with more bytes than are read.
  static let bodyTooLarge = ControlError(
    .tooLarge, "body_too_large", "The body is larger than is read: send less at once.")
}
