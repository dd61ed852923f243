/// What goes wrong with the store, by what can be done about it.
public enum StoreError: Error, Hashable, Sendable {
  /// A URL that is none.
  case badURL(String)
  /// The file or its folder cannot be written.
  case notWritable(path: String, words: String)
  /// The file is no database of ours.
  case notADatabase(path: String)
  /// The server cannot be reached, or the connection to it was lost.
  case unreachable(server: String, words: String)
  /// The server and we do not trust each other.
  case untrusted(server: String, words: String, mend: String)
  /// The server does not let us do something.
  case notPermitted(server: String, words: String)
  /// The schema is of a newer version.
  case newerSchema([String])
  /// Another process holds the store.
  case busy(String)
  /// The disk is full.
  case full(String)
  /// The key for tokens cannot be used.
  case badKey(String)
  /// There is nothing of that identity.
  case notFound(String)
  /// A setting that would lose what is still needed.
  case refused(String)
  /// A question that takes longer than it may.
  case tooMuchWork
  /// The account has as many of something as it may have.
  case quotaReached(Int)
  /// The database failed in another way.
  case failed(String)

  /// A URL without what stands before its host, which may be a password.
  private static func withoutPassword(_ url: String) -> String {
    guard let at = url.lastIndex(of: "@") else { return url }
    let start = url.firstRange(of: "://")?.upperBound ?? url.startIndex
    return url[..<min(start, at)] + "…" + url[at...]
  }

  /// What is wrong and how to mend it.
  public var sentence: String {
    switch self {
    case .badURL(let url):
      "\"\(Self.withoutPassword(url))\" is no store: set SEALPOST_STORE_URL to one such as sqlite:/var/lib/sealpost/sealpost.sqlite or postgresql://sealpost@db.example.com/sealpost, with %40 for an @ in a password."
    case .notWritable(let path, let words):
      "The store \(path) cannot be written (\(words)). Create its folder and give it to the user that runs Sealpost, or correct SEALPOST_STORE_URL."
    case .notADatabase(let path):
      "\(path) is no SQLite database. Correct SEALPOST_STORE_URL, or move the file away."
    case .unreachable(let server, let words):
      "The store \(server) cannot be reached (\(words)). Start PostgreSQL and create the database, or correct SEALPOST_STORE_URL."
    case .untrusted(let server, let words, let mend):
      "The store \(server) cannot be connected to safely (\(words)). \(mend)"
    case .notPermitted(let server, let words):
      "The store \(server) does not let us work (\(words)). Make the user of SEALPOST_STORE_URL the owner of the database."
    case .newerSchema(let names):
      "The store was made by a newer Sealpost (\(names.joined(separator: ", "))). Run that version."
    case .busy(let words): "The store is held by another process (\(words)). Try again."
    case .full(let words): "The disk of the store is full (\(words)). Make room."
    case .badKey(let words):
      "The secret key cannot be used (\(words)). Set SEALPOST_SECRET_KEY to the base64 of 32 bytes, as `openssl rand -base64 32` prints it."
    case .notFound(let what): "There is no \(what)."
    case .refused(let why): why
    case .tooMuchWork:
      "The question would look at too many rows: name a webhook or an event, or a shorter time."
    case .quotaReached(let most):
      "The account has \(most) of them, which is as many as it may have: remove one first."
    case .failed(let words): "The store failed: \(words)."
    }
  }
}
