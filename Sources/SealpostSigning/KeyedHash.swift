internal import COpenSSL
internal import SealpostCore

/// HMAC-SHA256 (RFC 2104) with one key, for many messages. The key's two states are kept, and wiped with it;
/// a message is hashed where its caller has room for it.
final class KeyedHash {
  static let bytes = Int(SHA256_DIGEST_LENGTH)

  /// A message that has begun.
  struct Message {
    fileprivate var context = SHA256_CTX()

    /// Adds bytes to the message.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
      sealpost_hmac_update(&context, bytes.baseAddress, bytes.count)
    }
  }

  /// By itself, so that no access to it needs to be checked for others at the same time.
  private let key = UnsafeMutablePointer<sealpost_hmac_key>.allocate(capacity: 1)

  init(key bytes: SecretBytes) {
    bytes.withUnsafeBytes { sealpost_hmac_set_key(key, $0.baseAddress, $0.count) }
  }

  deinit {
    OPENSSL_cleanse(key, MemoryLayout<sealpost_hmac_key>.size)
    key.deallocate()
  }

  /// Begins a message.
  func begin() -> Message {
    var message = Message()
    sealpost_hmac_begin(&message.context, key)
    return message
  }

  /// Ends a message that this key began, and writes its 32 bytes.
  func end(_ message: inout Message, into output: UnsafeMutableRawBufferPointer) {
    sealpost_hmac_end(
      &message.context, key, output.baseAddress?.assumingMemoryBound(to: UInt8.self))
  }
}
