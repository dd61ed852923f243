/// What can be wrong with a key or with sealed bytes.
public enum SigningError: Error, Hashable, Sendable {
  /// A secret for `standard` that is no secret.
  case badSecret
  /// A token that is empty.
  case emptyToken
  /// A key for sealing that has not 32 bytes.
  case badKeyLength(Int)
  /// Sealed bytes that this key did not seal in this context, or that were changed.
  case cannotOpen
  /// OpenSSL refused; its own words.
  case openSSL(String)

  /// What is wrong and how to mend it. Never holds any part of a secret.
  public var sentence: String {
    switch self {
    case .badSecret:
      "The token is no Standard Webhooks secret: use whsec_ and 24 to 64 bytes in base64."
    case .emptyToken: "The token is empty: give one, or leave it out to have one made."
    case .badKeyLength(let count): "The secret key has \(count) bytes: it must have 32, in base64."
    case .cannotOpen: "The secret key does not open what is stored: it is another key than before."
    case .openSSL(let words): "OpenSSL failed: \(words)."
    }
  }
}
