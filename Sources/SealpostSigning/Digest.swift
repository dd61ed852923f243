internal import COpenSSL

/// SHA-256 (FIPS 180-4) for identities.
public enum Digest {
  /// The hash of the parts, one after the other: 32 bytes.
  public static func sha256(_ parts: UnsafeRawBufferPointer...) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    EVP_DigestInit_ex(context, EVP_sha256(), nil)
    for part in parts { EVP_DigestUpdate(context, part.baseAddress, part.count) }
    EVP_DigestFinal_ex(context, &digest, nil)
    return digest
  }

  /// The identity of an event that came without one: the same for the same account and bytes.
  public static func eventID(account: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer)
    -> String
  {
    let hash = withUnsafeBytes(of: UInt8(0)) { sha256(account, $0, body) }
    return "evt_"
      + Base64.encode(hash).replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }
}
