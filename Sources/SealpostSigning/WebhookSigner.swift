public import SealpostCore

/// Makes the `Webhook-Signature` of one webhook's deliveries. Confined to one thread.
public final class WebhookSigner {
  /// The longest header value that `sign` writes.
  public static let maximumSignatureBytes = 2 * (4 + 88) + 1

  /// The text before a signature of each scheme of Standard Webhooks.
  private static let hashPrefix: StaticString = "v1,"
  private static let signaturePrefix: StaticString = "v1a,"

  private enum Keys {
    case plain(KeyedHash)
    case hashes([KeyedHash])
    case signatures([KeyedSignature])
  }

  private let keys: Keys

  /// Keys the signer.
  ///
  /// - Parameter tokens: the current token, and the previous one while its overlap lasts.
  public init(scheme: SignatureScheme, tokens: [WebhookToken]) throws(SigningError) {
    guard let current = tokens.first, current.bytes.count > 0 else { throw .emptyToken }
    switch scheme {
    case .hmacSHA256: keys = .plain(KeyedHash(key: current.bytes))
    case .standard:
      var hashes: [KeyedHash] = []
      for token in tokens.prefix(2) {
        hashes.append(KeyedHash(key: try SigningSecret(parsing: token).key))
      }
      keys = .hashes(hashes)
    case .standardEd25519:
      var signatures: [KeyedSignature] = []
      for token in tokens.prefix(2) {
        signatures.append(try KeyedSignature(try SigningKeyPair(parsing: token)))
      }
      keys = .signatures(signatures)
    }
  }

  /// Writes the header's value and gives its count of bytes.
  ///
  /// - Parameters:
  ///   - timestamp: the seconds that go out as `Webhook-Timestamp`.
  ///   - output: room for `maximumSignatureBytes`.
  public func sign(
    body: UnsafeRawBufferPointer, id: UnsafeRawBufferPointer, timestamp: Int64,
    into output: UnsafeMutableRawBufferPointer
  ) -> Int {
    withUnsafeTemporaryAllocation(byteCount: KeyedSignature.bytes, alignment: 8) { room in
      let digest = UnsafeMutableRawBufferPointer(rebasing: room[..<KeyedHash.bytes])
      switch keys {
      case .plain(let hash):
        var message = hash.begin()
        message.update(body)
        hash.end(&message, into: digest)
        return Base64.encode(UnsafeRawBufferPointer(digest), into: output)
      case .hashes(let hashes):
        var written = 0
        for hash in hashes {
          var message = hash.begin()
          message.update(id)
          Self.withTimestamp(timestamp) { message.update($0) }
          message.update(body)
          hash.end(&message, into: digest)
          written = Self.append(Self.hashPrefix, UnsafeRawBufferPointer(digest), output, written)
        }
        return written
      case .signatures(let signatures):
        var written = 0
        for signature in signatures {
          signature.begin()
          signature.update(id)
          Self.withTimestamp(timestamp) { signature.update($0) }
          signature.update(body)
          signature.end(into: room)
          written = Self.append(Self.signaturePrefix, UnsafeRawBufferPointer(room), output, written)
        }
        return written
      }
    }
  }

  /// Writes a signature behind those that are there, and gives the count of all bytes.
  private static func append(
    _ prefix: StaticString, _ signature: UnsafeRawBufferPointer,
    _ output: UnsafeMutableRawBufferPointer, _ written: Int
  ) -> Int {
    var written = written
    if written > 0 {
      output[written] = UInt8(ascii: " ")
      written += 1
    }
    for index in 0..<prefix.utf8CodeUnitCount { output[written + index] = prefix.utf8Start[index] }
    written += prefix.utf8CodeUnitCount
    return written
      + Base64.encode(
        signature, into: UnsafeMutableRawBufferPointer(rebasing: output[written...]))
  }

  /// Lends `.timestamp.`.
  private static func withTimestamp(_ timestamp: Int64, _ body: (UnsafeRawBufferPointer) -> Void) {
    withUnsafeTemporaryAllocation(byteCount: 24, alignment: 1) { text in
      var index = text.count - 1
      text[index] = UInt8(ascii: ".")
      var rest = timestamp
      repeat {
        index -= 1
        text[index] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
      } while rest > 0
      index -= 1
      text[index] = UInt8(ascii: ".")
      body(UnsafeRawBufferPointer(rebasing: text[index...]))
    }
  }
}
