import HTTPTypes
import Hummingbird
import Logging
import SealpostControl

/// What holds for every request: an identity, headers that keep browsers from guessing, and an answer of
/// ours to whatever went wrong.
struct RequestMiddleware: RouterMiddleware {
  func handle(
    _ request: Request, context: ServerContext,
    next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
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
    if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
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
