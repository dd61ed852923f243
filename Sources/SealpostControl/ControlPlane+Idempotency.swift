import SealpostCore
import SealpostSigning
public import SealpostStore

extension ControlPlane {
  /// Takes a key for a request of a principal; the kept answer where the request was carried out before.
  ///
  /// - Throws: `conflict` where it is being carried out, or the key was used for another request.
  public func takeKey(_ key: String, request: [UInt8], by principal: Principal) async throws
    -> KeptAnswer?
  {
    let hash = request.withUnsafeBytes { Digest.sha256($0) }
    switch try await store.takeKey(key, owner: principal.id, request: hash, now: .now()) {
    case .taken: return nil
    case .answered(let answer): return answer
    case .busy:
      throw ControlError(
        .conflict, "request_in_progress",
        "A request with this Idempotency-Key is being carried out: wait, then repeat it.")
    case .mismatch:
      throw ControlError(
        .conflict, "idempotency_key_reused",
        "This Idempotency-Key was used for another request: use a new one.")
    }
  }

  /// Keeps the answer to a request for a day.
  public func keepAnswer(status: Int, body: [UInt8], key: String, by principal: Principal)
    async throws
  {
    try await store.keepAnswer(
      KeptAnswer(status: status, body: body), key: key, owner: principal.id)
  }

  /// Gives a key back, since the request failed. Where that fails too, the key is free after a minute.
  public func releaseKey(_ key: String, by principal: Principal) async {
    try? await store.releaseKey(key, owner: principal.id)
  }
}
