import HTTPTypes
import Hummingbird
import SealpostControl
import SealpostStore

/// A call that is carried out once, however often it comes with the same `Idempotency-Key`.
struct RepeatableCall {
  let operation: APIOperation
  let call: APICall

  /// The answer: of now, or the one that was kept.
  func answer(_ request: Request) async throws -> APIAnswer {
    guard let key = call.repeatKey else { return try await operation.handle(call) }
    let words = "\(request.method.rawValue) \(request.uri.string)\n"
    if let kept = try await call.control.takeKey(
      key, request: Array(words.utf8) + call.body, by: call.principal)
    {
      var answer = APIAnswer(status: .init(code: kept.status), json: kept.body)
      if let name = HTTPField.Name("Idempotent-Replayed") { answer.headers[name] = "true" }
      return answer
    }
    let answer: APIAnswer
    do {
      answer = try await operation.handle(call)
    } catch {
      await call.control.releaseKey(key, by: call.principal)
      throw error
    }
    // It is done: the client learns that, whatever becomes of the copy.
    try? await call.control.keepAnswer(
      status: answer.status.code, body: answer.json ?? [], key: key, by: call.principal)
    return answer
  }
}
