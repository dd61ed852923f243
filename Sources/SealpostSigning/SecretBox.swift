internal import COpenSSL
public import SealpostCore

/// Seals secrets for the store with AES-256-GCM (NIST SP 800-38D): a random nonce, and the row that the
/// secret belongs to as associated data, so that a sealed secret moved to another row does not open.
///
/// Several keys live at once: the first seals, all of them open. What is sealed names its key, by which it
/// is found again, and by which `secrets rotate-key` knows what still has to be sealed anew.
public struct SecretBox: Sendable, CustomStringConvertible, CustomReflectable {
  private struct Key: Sendable {
    let id: [UInt8]
    let bytes: SecretBytes
  }

  private static let keyBytes = 32
  /// What a sealed text begins with: a byte that tells the format, and the key's identity.
  private static let format: UInt8 = 1
  private static let idBytes = 6
  private static let headBytes = 1 + idBytes
  private static let nonceBytes = 12
  private static let tagBytes = 16

  private let keys: [Key]

  /// Tells which key seals; says nothing about the key itself.
  public var keyID: String { Self.text(keys[0].id) }

  /// The keys that open, the one that seals first.
  public var keyIDs: [String] { keys.map { Self.text($0.id) } }

  /// Makes a box from keys of 32 bytes.
  ///
  /// - Parameters:
  ///   - key: seals and opens.
  ///   - others: only open.
  public init(key: SecretBytes, others: [SecretBytes] = []) throws(SigningError) {
    var keys: [Key] = []
    for bytes in [key] + others {
      guard bytes.count == Self.keyBytes else { throw .badKeyLength(bytes.count) }
      let hash = Array("sealpost key id".utf8).withUnsafeBytes { label in
        bytes.withUnsafeBytes { Digest.sha256(label, $0) }
      }
      keys.append(Key(id: Array(hash.prefix(Self.idBytes)), bytes: bytes))
    }
    self.keys = keys
  }

  /// The bytes of a key in base64, with white space around it; nil where the text is none.
  public static func key(base64 text: SecretBytes) -> SecretBytes? {
    text.withUnsafeBytes { text in
      func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
      let start = text.drop(while: isSpace)
      let end = start.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? start.startIndex
      return Base64.decode(UnsafeRawBufferPointer(rebasing: text[start.startIndex..<end]))
    }
  }

  /// Seals bytes.
  public func seal(_ clear: UnsafeRawBufferPointer, context: [UInt8]) throws(SigningError)
    -> [UInt8]
  {
    let nonce = RandomBytes.make(Self.nonceBytes)
    let cipher = try Self.makeContext()
    defer { EVP_CIPHER_CTX_free(cipher) }
    var sealed = [UInt8](repeating: 0, count: clear.count)
    var tag = [UInt8](repeating: 0, count: Self.tagBytes)
    var count: Int32 = 0
    let isSealed = keys[0].bytes.withUnsafeBytes { key in
      EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key.bytes, nonce) == 1
        && EVP_EncryptUpdate(cipher, nil, &count, context, Int32(context.count)) == 1
        && EVP_EncryptUpdate(cipher, &sealed, &count, clear.bytes, Int32(clear.count)) == 1
        && EVP_EncryptFinal_ex(cipher, nil, &count) == 1
        && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagBytes), &tag) == 1
    }
    guard isSealed else { throw .openSSL("sealing failed") }
    return [Self.format] + keys[0].id + nonce + sealed + tag
  }

  /// Seals a secret.
  public func seal(_ clear: SecretBytes, context: [UInt8]) throws(SigningError) -> [UInt8] {
    try clear.withUnsafeBytes { bytes throws(SigningError) in
      try seal(bytes, context: context)
    }
  }

  /// Opens what `seal` made in the same context.
  ///
  /// - Throws: `unknownKey` where it names a key that is not here, `cannotOpen` where it was changed or
  ///   moved.
  public func open(_ sealed: [UInt8], context: [UInt8]) throws(SigningError) -> SecretBytes {
    if let key = keys.first(where: { isSealed(sealed, by: $0) }) {
      return try open(sealed.dropFirst(Self.headBytes), context: context, key)
    }
    // What was sealed before keys were named.
    for key in keys {
      if let clear = try? open(sealed[...], context: context, key) { return clear }
    }
    guard let id = sealingKey(of: sealed) else { throw .cannotOpen }
    throw .unknownKey(id)
  }

  /// Whether the key that seals now sealed it.
  public func isCurrent(_ sealed: [UInt8]) -> Bool { isSealed(sealed, by: keys[0]) }

  private func isSealed(_ sealed: [UInt8], by key: Key) -> Bool {
    sealed.first == Self.format && sealed.dropFirst().starts(with: key.id)
  }

  /// The identity of the key that a sealed text names; nil where it names none.
  private func sealingKey(of sealed: [UInt8]) -> String? {
    guard sealed.first == Self.format, sealed.count > Self.headBytes else { return nil }
    return Self.text(Array(sealed[1..<Self.headBytes]))
  }

  private func open(_ sealed: ArraySlice<UInt8>, context: [UInt8], _ key: Key) throws(SigningError)
    -> SecretBytes
  {
    guard sealed.count >= Self.nonceBytes + Self.tagBytes else { throw .cannotOpen }
    let nonce = Array(sealed.prefix(Self.nonceBytes))
    var tag = Array(sealed.suffix(Self.tagBytes))
    let text = Array(sealed.dropFirst(Self.nonceBytes).dropLast(Self.tagBytes))
    let cipher = try Self.makeContext()
    defer { EVP_CIPHER_CTX_free(cipher) }
    return try SecretBytes(capacity: text.count) { clear throws(SigningError) in
      var count: Int32 = 0
      let isOpen = key.bytes.withUnsafeBytes { key in
        EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key.bytes, nonce) == 1
          && EVP_DecryptUpdate(cipher, nil, &count, context, Int32(context.count)) == 1
          && EVP_DecryptUpdate(cipher, clear.bytes, &count, text, Int32(text.count)) == 1
          && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagBytes), &tag) == 1
          && EVP_DecryptFinal_ex(cipher, nil, &count) == 1
      }
      guard isOpen else { throw .cannotOpen }
      return text.count
    }
  }

  /// Always the same words and the key's identity, never the key.
  public var description: String { "<secret box \(keyID)>" }

  /// Without children, so that `dump` shows nothing.
  public var customMirror: Mirror { Mirror(self, children: []) }

  private static func text(_ id: [UInt8]) -> String {
    id.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  private static func makeContext() throws(SigningError) -> OpaquePointer {
    guard let context = EVP_CIPHER_CTX_new() else { throw .openSSL("no context") }
    return context
  }
}

extension UnsafeRawBufferPointer {
  /// The bytes as OpenSSL takes them.
  var bytes: UnsafePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}

extension UnsafeMutableRawBufferPointer {
  /// The bytes as OpenSSL takes them.
  var bytes: UnsafeMutablePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}
