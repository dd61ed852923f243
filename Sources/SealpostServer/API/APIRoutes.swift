import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import SealpostControl
import SealpostCore

/// The routes of the API, made from its operations: who asks, how often, and whether it may is checked here
/// for all of them.
struct APIRoutes: Sendable {
  /// Every operation there is.
  static let operations =
    WebhookOperations.all + WebhookActions.all + ReplayOperations.all + LogOperations.all
    + EventOperations.all + OperatorOperations.all + SignInOperations.all

  let control: ControlPlane
  let settings: ServerSettings
  private let signIn: SignInGuard
  private let requestRates = RateLimiter(seconds: 60)

  init(control: ControlPlane, settings: ServerSettings, signIn: SignInGuard) {
    self.signIn = signIn
    self.control = control
    self.settings = settings
  }

  /// Adds the routes.
  func add(to router: Router<ServerContext>) {
    for operation in Self.operations {
      router.on(RouterPath(operation.path), method: operation.method) { request, context in
        await answer(operation, request, context).response
      }
    }
    let document = APIAnswer(json: OpenAPIDocument.bytes)
    router.get("/openapi.json") { _, _ in document.response }
  }

  /// The methods that may be used at a path; none where there is nothing.
  static func methods(at path: String) -> [HTTPRequest.Method] {
    let exact = operations.filter { $0.path == path }
    guard exact.isEmpty else { return exact.map(\.method) }
    let parts = path.split(separator: "/")
    return operations.filter { operation in
      let known = operation.path.split(separator: "/")
      return known.count == parts.count
        && zip(known, parts).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
    }.map(\.method)
  }

  private func answer(_ operation: APIOperation, _ request: Request, _ context: ServerContext) async
    -> APIAnswer
  {
    var limits = HTTPFields()
    var answer: APIAnswer
    do {
      let principal = try await principal(request, context)
      let allowance = requestRates.take(of: settings.requestsPerMinute, for: principal.id)
      limits = HTTPFields(allowance, limit: settings.requestsPerMinute)
      guard allowance.isGranted else {
        throw ControlError(
          .tooMany(wait: .seconds(allowance.resetsAt - Timestamp.now().seconds)), "rate_limited",
          "This token may make \(settings.requestsPerMinute) requests a minute: wait as long as Retry-After says."
        )
      }
      try principal.require(operation.scope)
      let query = try QueryParameters(request.uri.query)
      try query.check(known: operation.parameters)
      let call = APICall(
        control: control, principal: principal, query: query,
        body: try await body(operation, request), path: request.uri.path,
        repeatKey: try repeatKey(operation, request), parameters: context.parameters)
      answer = try await RepeatableCall(operation: operation, call: call).answer(request)
    } catch is NIOTooManyBytesError {
      answer = APIAnswer(ControlError.bodyTooLarge)
    } catch {
      let failure = ControlError(error)
      if failure.kind == .failed || failure.kind == .unavailable {
        context.logger.error(
          "a request failed",
          metadata: ["operation": "\(operation.name)", "error": "\(error)"])
      }
      answer = APIAnswer(failure)
    }
    answer.headers.append(contentsOf: limits)
    return answer
  }

  private func principal(_ request: Request, _ context: ServerContext) async throws -> Principal {
    let words = (request.headers[.authorization] ?? "").split(separator: " ")
    guard words.count == 2, words[0].lowercased() == "bearer" else {
      throw ControlError(
        .unauthenticated, "no_token",
        "Send `Authorization: Bearer` and a token that `sealpost tokens create` made.")
    }
    return try await signIn.principal(ofToken: String(words[1]), from: context.remoteAddress)
  }

  /// The bytes of a body, counted as they are read, whatever its announced length.
  private func body(_ operation: APIOperation, _ request: Request) async throws -> [UInt8] {
    guard operation.body != nil else { return [] }
    let body = try await request.body.collect(upTo: operation.bodyLimit)
    return [UInt8](body.readableBytesView)
  }

  private func repeatKey(_ operation: APIOperation, _ request: Request) throws(ControlError)
    -> String?
  {
    guard operation.takesIdempotencyKey,
      let key = HTTPField.Name("Idempotency-Key").flatMap({ request.headers[$0] })
    else { return nil }
    guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else {
      throw .invalid(
        "Idempotency-Key", "bad_idempotency_key",
        "It must be 1 to 255 printable ASCII characters without spaces.")
    }
    return key
  }
}

extension HTTPFields {
  /// What is left of a token's requests.
  fileprivate init(_ allowance: RateLimiter.Allowance, limit: Int) {
    self.init()
    for (name, value) in [
      ("X-Rate-Limit-Limit", "\(limit)"), ("X-Rate-Limit-Remaining", "\(allowance.remaining)"),
      ("X-Rate-Limit-Reset", "\(allowance.resetsAt)"),
    ] {
      if let name = HTTPField.Name(name) { self[name] = value }
    }
  }
}
