/// What can be wrong with a key or with sealed bytes.
public enum SigningError: Error, Hashable, Sendable {
  /// A secret for `standard` that is no secret.
  case badSecret
  /// A token for `standard-ed25519` that is no pair of keys.
  case badKeyPair
  /// A token that is empty.
  case emptyToken
  /// A key for sealing that has not 32 bytes.
  case badKeyLength(Int)
  /// Sealed bytes that this key did not seal in this context, or that were changed.
  case cannotOpen
  /// Bytes that were sealed by a key that is not here: its identity.
  case unknownKey(String)
  /// OpenSSL refused; its own words.
  case openSSL(String)

  /// What is wrong and how to mend it. Never holds any part of a secret.
  public var sentence: String {
    switch self {
    case .badSecret:
      "The token is no Standard Webhooks secret: use whsec_ and 24 to 64 bytes in base64."
    case .badKeyPair:
      "The token is no Ed25519 key pair of Standard Webhooks: use whsk_ and in base64 the seed and its public key, or leave it out to have one made."
    case .emptyToken: "The token is empty: give one, or leave it out to have one made."
    case .badKeyLength(let count): "The secret key has \(count) bytes: it must have 32, in base64."
    case .cannotOpen: "The secret key does not open what is stored: it is another key than before."
    case .unknownKey(let id):
      "It is sealed by the secret key \(id), which is not set: add that key to SEALPOST_OTHER_SECRET_KEYS."
    case .openSSL(let words): "OpenSSL failed: \(words)."
    }
  }
}
