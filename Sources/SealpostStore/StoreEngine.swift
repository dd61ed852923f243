public import SealpostCore

/// The engines that a store can have.
public enum StoreEngine {
  /// Opens the store that a URL names, and brings its schema up to date. Blocks its caller, so do it while
  /// the program starts.
  ///
  /// - Parameters:
  ///   - url: `sqlite:` and a path, or a URL of PostgreSQL's.
  ///   - secretKey: base64 of the key that seals secrets. SQLite makes one where it is nil.
  ///   - otherKeys: base64 of keys that open what they sealed.
  public static func open(url: String, secretKey: SecretBytes?, otherKeys: [SecretBytes])
    throws(StoreError) -> any Store
  {
    if PostgresLocation.isOne(url) {
      return try PostgresStore.open(url: url, secretKey: secretKey, otherKeys: otherKeys)
    }
    return try SQLiteStore.open(url: url, secretKey: secretKey, otherKeys: otherKeys)
  }
}
