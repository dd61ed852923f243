internal import COpenSSL
internal import SealpostCore

/// Ed25519 signatures by one key, for many messages. Confined to one thread.
///
/// Ed25519 goes over the message twice, so OpenSSL wants it in one piece (EVP_SIGNATURE-ED25519(7)): its parts
/// are put together in memory that is kept from message to message.
final class KeyedSignature {
  static let bytes = 64

  private let key: OpaquePointer
  private let context: OpaquePointer
  private var message: [UInt8] = []

  init(_ pair: SigningKeyPair) throws(SigningError) {
    let key = pair.seed.withUnsafeBytes {
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, $0.bytes, $0.count)
    }
    guard let key else { throw .openSSL("no Ed25519 key") }
    guard let context = EVP_MD_CTX_new() else {
      EVP_PKEY_free(key)
      throw .openSSL("no context")
    }
    self.key = key
    self.context = context
  }

  deinit {
    EVP_MD_CTX_free(context)
    EVP_PKEY_free(key)
  }

  /// Begins a message.
  func begin() { message.removeAll(keepingCapacity: true) }

  /// Adds bytes to the message.
  func update(_ bytes: UnsafeRawBufferPointer) { message.append(contentsOf: bytes) }

  /// Ends the message and writes its 64 bytes.
  func end(into output: UnsafeMutableRawBufferPointer) {
    var count = output.count
    let isSigned =
      EVP_DigestSignInit(context, nil, nil, nil, key) == 1
      && EVP_DigestSign(context, output.bytes, &count, message, message.count) == 1
    precondition(isSigned && count == Self.bytes, "Ed25519 takes any message")
    EVP_MD_CTX_reset(context)
  }
}
