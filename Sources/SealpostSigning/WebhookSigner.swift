public import SealpostCore

/// Makes the `Webhook-Signature` of one webhook's deliveries. Confined to one thread.
public final class WebhookSigner {
  /// The longest header value that `sign` writes.
  public static let maximumSignatureBytes = 2 * (3 + 44) + 1

  private let scheme: SignatureScheme
  private let hashes: [KeyedHash]

  /// Keys the signer.
  ///
  /// - Parameter tokens: the current token, and the previous one while its overlap lasts.
  public init(scheme: SignatureScheme, tokens: [WebhookToken]) throws(SigningError) {
    self.scheme = scheme
    var hashes: [KeyedHash] = []
    switch scheme {
    case .hmacSHA256:
      guard let token = tokens.first, !token.clearText.isEmpty else { throw .emptyToken }
      hashes.append(try KeyedHash(key: Array(token.clearText.utf8)))
    case .standard:
      for token in tokens.prefix(2) {
        hashes.append(try KeyedHash(key: try SigningSecret(parsing: token.clearText).key))
      }
      if hashes.isEmpty { throw .emptyToken }
    }
    self.hashes = hashes
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
    withUnsafeTemporaryAllocation(byteCount: KeyedHash.bytes, alignment: 8) { digest in
      switch scheme {
      case .hmacSHA256:
        hashes[0].begin()
        hashes[0].update(body)
        hashes[0].end(into: digest)
        return Base64.encode(UnsafeRawBufferPointer(digest), into: output)
      case .standard:
        var written = 0
        for hash in hashes {
          if written > 0 {
            output[written] = UInt8(ascii: " ")
            written += 1
          }
          output.storeBytes(of: UInt8(ascii: "v"), toByteOffset: written, as: UInt8.self)
          output.storeBytes(of: UInt8(ascii: "1"), toByteOffset: written + 1, as: UInt8.self)
          output.storeBytes(of: UInt8(ascii: ","), toByteOffset: written + 2, as: UInt8.self)
          written += 3
          hash.begin()
          hash.update(id)
          updateTimestamp(hash, timestamp)
          hash.update(body)
          hash.end(into: digest)
          written += Base64.encode(
            UnsafeRawBufferPointer(digest),
            into: UnsafeMutableRawBufferPointer(rebasing: output[written...]))
        }
        return written
      }
    }
  }

  /// Adds `.timestamp.`.
  private func updateTimestamp(_ hash: KeyedHash, _ timestamp: Int64) {
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
      hash.update(UnsafeRawBufferPointer(rebasing: text[index...]))
    }
  }
}
