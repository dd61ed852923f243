internal import COpenSSL
public import SealpostCore

/// What a receiver does with `Webhook-Signature`: compares it with its own, in constant time.
public enum SignatureCheck {
  /// Why a signature does not hold.
  public enum Mismatch: Error, Hashable, Sendable {
    /// No signature of the header is right.
    case wrongSignature
    /// The timestamp is no number of seconds.
    case badTimestamp
    /// The timestamp is too far from now.
    case outsideTolerance(seconds: Int64)
    /// The token cannot be used.
    case badToken(SigningError)

    /// What is wrong, for people.
    public var sentence: String {
      switch self {
      case .wrongSignature: "the signature is not made with this token over these bytes"
      case .badTimestamp: "Webhook-Timestamp is no number of seconds"
      case .outsideTolerance(let seconds): "Webhook-Timestamp is \(seconds) s away from now"
      case .badToken(let error): error.sentence
      }
    }
  }

  /// Throws unless the header holds a right signature.
  ///
  /// - Parameters:
  ///   - tokens: those that may have signed; for `standard-ed25519` public keys (`whpk_`) do too.
  ///   - header: the value of `Webhook-Signature`.
  ///   - id: the value of `Webhook-Id`.
  ///   - timestamp: the value of `Webhook-Timestamp`.
  ///   - tolerance: how far the timestamp may be from now, for `standard` and `standard-ed25519`.
  public static func verify(
    scheme: SignatureScheme, tokens: [WebhookToken], header: String, id: String, timestamp: String,
    body: [UInt8], now: Timestamp, tolerance: Duration = .seconds(300)
  ) throws(Mismatch) {
    var seconds: Int64 = 0
    if scheme != .hmacSHA256 {
      guard let read = Int64(timestamp), read >= 0, String(read) == timestamp else {
        throw .badTimestamp
      }
      seconds = read
      let distance = now.seconds - seconds
      guard abs(distance) <= tolerance.components.seconds else {
        throw .outsideTolerance(seconds: distance)
      }
    }
    let given = header.split(separator: " ").map { Array($0.utf8) }
    for token in tokens {
      do throws(SigningError) {
        if scheme == .standardEd25519 {
          if try isSigned(given, token, id, seconds, body) { return }
          continue
        }
        let expected = try signature(scheme, token, id, seconds, body)
        for candidate in given
        where candidate.count == expected.count
          && CRYPTO_memcmp(candidate, expected, expected.count) == 0
        { return }
      } catch {
        throw .badToken(error)
      }
    }
    throw .wrongSignature
  }

  /// Whether one of the signatures is of the holder of a key.
  private static func isSigned(
    _ given: [[UInt8]], _ token: WebhookToken, _ id: String, _ seconds: Int64, _ body: [UInt8]
  ) throws(SigningError) -> Bool {
    let key: VerifyingKey
    if let given = VerifyingKey(parsing: token.clearText) {
      key = given
    } else {
      key = try SigningKeyPair(parsing: token).publicKey
    }
    let message = Array("\(id).\(seconds).".utf8) + body
    return given.contains { candidate in
      guard candidate.starts(with: "v1a,".utf8) else { return false }
      let signature = Array(candidate.dropFirst(4)).withUnsafeBytes { Base64.decode($0) }
      return signature.map { key.verifies($0.copy, message) } ?? false
    }
  }

  private static func signature(
    _ scheme: SignatureScheme, _ token: WebhookToken, _ id: String, _ seconds: Int64,
    _ body: [UInt8]
  ) throws(SigningError) -> [UInt8] {
    let signer = try WebhookSigner(scheme: scheme, tokens: [token])
    return [UInt8](unsafeUninitializedCapacity: WebhookSigner.maximumSignatureBytes) {
      output, count in
      count = body.withUnsafeBytes { body in
        Array(id.utf8).withUnsafeBytes { id in
          signer.sign(
            body: body, id: id, timestamp: seconds, into: UnsafeMutableRawBufferPointer(output))
        }
      }
    }
  }
}
