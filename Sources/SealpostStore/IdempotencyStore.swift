public import SealpostCore

/// What was answered to a request, to be answered again to the same one.
public struct KeptAnswer: Sendable, Equatable {
  /// The status code.
  public var status: Int
  /// The body.
  public var body: [UInt8]

  /// Makes an answer from its parts.
  public init(status: Int, body: [UInt8]) {
    self.status = status
    self.body = body
  }
}

/// What is known of a key that a client gave to a request.
public enum IdempotencyVerdict: Sendable, Equatable {
  /// Nobody used it: it is taken, and the request is to be carried out.
  case taken
  /// The same request is being carried out.
  case busy
  /// Another request used it.
  case mismatch
  /// The same request was carried out, with this answer.
  case answered(KeptAnswer)
}

/// Keeps the answers to requests that clients may repeat.
public protocol IdempotencyStore: Sendable {
  /// Takes a key for a request, or tells what became of the request that took it.
  ///
  /// - Parameters:
  ///   - owner: whose key it is.
  ///   - request: the hash of the request.
  func takeKey(_ key: String, owner: String, request: [UInt8], now: Timestamp)
    async throws(StoreError) -> IdempotencyVerdict
  /// Keeps the answer. It is sealed, since it may hold a token.
  func keepAnswer(_ answer: KeptAnswer, key: String, owner: String) async throws(StoreError)
  /// Gives the key back: the request failed and may be tried again.
  func releaseKey(_ key: String, owner: String) async throws(StoreError)
}
