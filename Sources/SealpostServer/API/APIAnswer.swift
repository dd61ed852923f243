import Foundation
import HTTPTypes
import Hummingbird
import SealpostControl

/// What an operation answers.
struct APIAnswer: Sendable {
  var status: HTTPResponse.Status
  var headers: HTTPFields = [:]
  /// The JSON; nil where there is none.
  var json: [UInt8]?

  init(status: HTTPResponse.Status = .ok, json: [UInt8]?) {
    self.status = status
    self.json = json
  }

  /// A value as JSON.
  init(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    self.init(status: status, json: Inert.json([UInt8](try encoder.encode(value))))
  }

  /// What went wrong.
  init(_ error: ControlError) {
    struct Body: Encodable {
      let message, code: String
      let fields: [FieldFault]?
    }
    let body = Body(
      message: error.message, code: error.code, fields: error.fields.isEmpty ? nil : error.fields)
    self.init(status: Self.status(error.kind), json: nil)
    json = (try? APIAnswer(body))?.json
    if case .tooMany(let wait) = error.kind {
      headers[.retryAfter] = "\(max(1, Int((wait / .seconds(1)).rounded(.up))))"
    }
    if error.kind == .unauthenticated { headers[.wwwAuthenticate] = "Bearer" }
  }

  /// Nothing to show.
  static let noContent = APIAnswer(status: .noContent, json: nil)

  /// The answer as Hummingbird sends it.
  var response: Response {
    guard let json else { return Response(status: status, headers: headers) }
    var headers = headers
    headers[.contentType] = "application/json"
    return Response(
      status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: json)))
  }

  private static func status(_ kind: ControlError.Kind) -> HTTPResponse.Status {
    switch kind {
    case .invalid: .badRequest
    case .unauthenticated: .unauthorized
    case .forbidden: .forbidden
    case .notFound: .notFound
    case .conflict: .conflict
    case .tooLarge: .contentTooLarge
    case .tooMany: .tooManyRequests
    case .unavailable: .serviceUnavailable
    case .failed: .internalServerError
    }
  }
}
