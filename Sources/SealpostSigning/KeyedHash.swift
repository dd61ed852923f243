internal import COpenSSL
internal import SealpostCore

/// HMAC-SHA256 with one key, for many messages: an `EVP_MAC` context that is set back with a null key
/// (EVP_MAC(3)), which costs a third of keying it anew. Confined to one thread.
final class KeyedHash {
  static let bytes = 32
  /// The parameters keep the pointer, so it must outlive the call that a string is lent for.
  private static let digest: StaticString = "digest"

  private let context: OpaquePointer

  init(key: SecretBytes) throws(SigningError) {
    guard let mac = EVP_MAC_fetch(nil, "HMAC", nil) else { throw .openSSL("no HMAC") }
    defer { EVP_MAC_free(mac) }
    guard let context = EVP_MAC_CTX_new(mac) else { throw .openSSL("no context") }
    self.context = context
    var name = Array("SHA256".utf8CString)
    let status = name.withUnsafeMutableBufferPointer { name in
      var parameters = [
        OSSL_PARAM_construct_utf8_string(
          UnsafeRawPointer(Self.digest.utf8Start).assumingMemoryBound(to: CChar.self),
          name.baseAddress, 0), OSSL_PARAM_construct_end(),
      ]
      return key.withUnsafeBytes { key in
        EVP_MAC_init(context, key.bytes, key.count, &parameters)
      }
    }
    guard status == 1 else { throw .openSSL("the key was refused") }
  }

  deinit { EVP_MAC_CTX_free(context) }

  /// Begins a message.
  func begin() { EVP_MAC_init(context, nil, 0, nil) }

  /// Adds bytes to the message.
  func update(_ bytes: UnsafeRawBufferPointer) {
    EVP_MAC_update(context, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
  }

  /// Ends the message and writes its 32 bytes.
  func end(into output: UnsafeMutableRawBufferPointer) {
    var count = 0
    EVP_MAC_final(
      context, output.baseAddress?.assumingMemoryBound(to: UInt8.self), &count, output.count)
  }
}
