internal import COpenSSL

/// Unpredictable bytes for keys and tokens (RAND_bytes(3)).
public enum RandomBytes {
  /// So many random bytes.
  public static func make(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let status = RAND_bytes(&bytes, Int32(count))
    precondition(status == 1, "the system's source of randomness never fails once it is seeded")
    return bytes
  }
}
