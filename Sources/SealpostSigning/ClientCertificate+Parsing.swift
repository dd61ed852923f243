internal import COpenSSL
import Glibc
public import SealpostCore

extension ClientCertificate {
  /// The longest text of a chain or a key, in bytes.
  public static let maximumBytes = 32 << 10
  /// How many certificates a chain may have.
  public static let maximumCertificates = 10
  /// What OpenSSL asks of a key at its usual level: 2048 bits of RSA, 224 of a curve.
  private static let leastSecurityBits: Int32 = 112

  /// Reads a certificate with those that signed it, and its key, and sees that they can be used together now.
  ///
  /// What is kept is written anew: what else stood in the texts, such as a key beside the certificate, is left
  /// out.
  ///
  /// - Parameters:
  ///   - chain: the client's own certificate first, in PEM.
  ///   - key: its private key in PEM, without a passphrase.
  public init(parsingChain chain: String, key: String, now: Timestamp = .now())
    throws(ClientCertificateFault)
  {
    guard chain.utf8.count <= Self.maximumBytes, key.utf8.count <= Self.maximumBytes else {
      throw .tooLong
    }
    // What is refused leaves errors behind, which the thread's next user of the library must not find.
    defer { ERR_clear_error() }
    let certificates = try Self.certificates(chain)
    defer { certificates.forEach { X509_free($0) } }
    guard !key.contains("ENCRYPTED") else { throw .encryptedKey }
    guard let privateKey = Self.privateKey(key) else { throw .badKey }
    defer { EVP_PKEY_free(privateKey) }
    let own = certificates[0]
    guard X509_check_private_key(own, privateKey) == 1 else { throw .mismatch }
    guard EVP_PKEY_get_security_bits(privateKey) >= Self.leastSecurityBits else { throw .weakKey }
    guard let begins = Self.time(X509_get0_notBefore(own)),
      let expires = Self.time(X509_get0_notAfter(own))
    else { throw .badCertificate }
    guard expires > now else { throw .expired(expires) }
    guard begins <= now else { throw .notYetValid(begins) }
    guard
      let chainText = Self.text({ output in
        certificates.allSatisfy { PEM_write_bio_X509(output, $0) == 1 }
      })
    else { throw .badCertificate }
    guard
      let keyText = Self.written(
        { PEM_write_bio_PrivateKey($0, privateKey, nil, nil, 0, nil, nil) == 1 },
        read: { SecretBytes($0) })
    else { throw .badKey }
    let subject = Self.text { sealpost_print_name($0, X509_get_subject_name(own)) >= 0 }
    self.init(
      chain: chainText, privateKey: keyText, subject: subject ?? "", expiresAt: expires)
  }

  private static func certificates(_ text: String) throws(ClientCertificateFault)
    -> [OpaquePointer]
  {
    guard let input = reader(text) else { throw .badCertificate }
    defer { BIO_free(input) }
    var found: [OpaquePointer] = []
    while found.count <= maximumCertificates,
      let certificate = PEM_read_bio_X509(input, nil, { _, _, _, _ in -1 }, nil)
    { found.append(certificate) }
    let fault: ClientCertificateFault?
    if found.count > maximumCertificates {
      fault = .tooManyCertificates
    } else if found.isEmpty || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE {
      // The end of the text is an error of its own; another one is a certificate that cannot be read.
      fault = .badCertificate
    } else {
      fault = nil
    }
    if let fault {
      found.forEach { X509_free($0) }
      throw fault
    }
    return found
  }

  private static func privateKey(_ text: String) -> OpaquePointer? {
    guard let input = reader(text) else { return nil }
    defer { BIO_free(input) }
    // Where it needs a passphrase OpenSSL would ask at the terminal.
    return PEM_read_bio_PrivateKey(input, nil, { _, _, _, _ in -1 }, nil)
  }

  /// A reader of a copy of the text, which is wiped when it is freed.
  private static func reader(_ text: String) -> OpaquePointer? {
    guard let memory = BIO_new(BIO_s_mem()) else { return nil }
    let bytes = Array(text.utf8)
    guard bytes.isEmpty || BIO_write(memory, bytes, Int32(bytes.count)) == bytes.count else {
      BIO_free(memory)
      return nil
    }
    return memory
  }

  /// What the work writes, as a text.
  private static func text(_ work: (OpaquePointer) -> Bool) -> String? {
    written(work) { String(validating: $0, as: UTF8.self) }
  }

  /// What the work writes, into memory that is wiped when it is freed.
  private static func written<Result>(
    _ work: (OpaquePointer) -> Bool, read: (UnsafeRawBufferPointer) -> Result?
  ) -> Result? {
    guard let memory = BIO_new(BIO_s_mem()) else { return nil }
    defer { BIO_free(memory) }
    guard work(memory) else { return nil }
    var start: UnsafeMutableRawPointer?
    let count = BIO_ctrl(memory, BIO_CTRL_INFO, 0, &start)
    return read(UnsafeRawBufferPointer(start: start, count: count))
  }

  private static func time(_ time: UnsafePointer<ASN1_TIME>?) -> Timestamp? {
    var parts = tm()
    guard ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
    return Timestamp(seconds: Int64(timegm(&parts)))
  }
}
