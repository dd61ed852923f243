internal import COpenSSL

/// Seals tokens for the store with AES-256-GCM (NIST SP 800-38D): a random nonce, and the row that the
/// token belongs to as associated data, so that a sealed token moved to another row does not open.
public struct SecretBox: Sendable, CustomStringConvertible, CustomReflectable {
  private static let nonceBytes = 12
  private static let tagBytes = 16

  private let key: [UInt8]
  /// Tells which key sealed a row; says nothing about the key itself.
  public let keyID: String

  /// Makes a box from a key of 32 bytes.
  public init(key: [UInt8]) throws(SigningError) {
    guard key.count == 32 else { throw .badKeyLength(key.count) }
    self.key = key
    let hash = Array("sealpost key id".utf8).withUnsafeBytes { label in
      key.withUnsafeBytes { Digest.sha256(label, $0) }
    }
    keyID = hash.prefix(6).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  /// Seals bytes: nonce, sealed text and tag in one.
  public func seal(_ clear: [UInt8], context: [UInt8]) throws(SigningError) -> [UInt8] {
    let nonce = RandomBytes.make(Self.nonceBytes)
    let cipher = try makeContext()
    defer { EVP_CIPHER_CTX_free(cipher) }
    var sealed = [UInt8](repeating: 0, count: clear.count)
    var tag = [UInt8](repeating: 0, count: Self.tagBytes)
    var count: Int32 = 0
    guard EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1,
      EVP_EncryptUpdate(cipher, nil, &count, context, Int32(context.count)) == 1,
      EVP_EncryptUpdate(cipher, &sealed, &count, clear, Int32(clear.count)) == 1,
      EVP_EncryptFinal_ex(cipher, nil, &count) == 1,
      EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagBytes), &tag) == 1
    else { throw .openSSL("sealing failed") }
    return nonce + sealed + tag
  }

  /// Opens what `seal` made in the same context.
  public func open(_ sealed: [UInt8], context: [UInt8]) throws(SigningError) -> [UInt8] {
    guard sealed.count >= Self.nonceBytes + Self.tagBytes else { throw .cannotOpen }
    let nonce = Array(sealed.prefix(Self.nonceBytes))
    var tag = Array(sealed.suffix(Self.tagBytes))
    let text = Array(sealed.dropFirst(Self.nonceBytes).dropLast(Self.tagBytes))
    let cipher = try makeContext()
    defer { EVP_CIPHER_CTX_free(cipher) }
    var clear = [UInt8](repeating: 0, count: text.count)
    var count: Int32 = 0
    guard EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1,
      EVP_DecryptUpdate(cipher, nil, &count, context, Int32(context.count)) == 1,
      EVP_DecryptUpdate(cipher, &clear, &count, text, Int32(text.count)) == 1,
      EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagBytes), &tag) == 1,
      EVP_DecryptFinal_ex(cipher, nil, &count) == 1
    else { throw .cannotOpen }
    return clear
  }

  /// Always the same words and the key's identity, never the key.
  public var description: String { "<secret box \(keyID)>" }

  /// Without children, so that `dump` shows nothing.
  public var customMirror: Mirror { Mirror(self, children: []) }

  private func makeContext() throws(SigningError) -> OpaquePointer {
    guard let context = EVP_CIPHER_CTX_new() else { throw .openSSL("no context") }
    return context
  }
}
