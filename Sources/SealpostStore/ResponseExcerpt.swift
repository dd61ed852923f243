/// The beginning of an answer.
public struct ResponseExcerpt: Hashable, Sendable {
  /// Status line and headers.
  public var headers: [UInt8]
  /// Body.
  public var body: [UInt8]

  /// Makes an excerpt from its parts.
  public init(headers: [UInt8], body: [UInt8]) {
    self.headers = headers
    self.body = body
  }
}
