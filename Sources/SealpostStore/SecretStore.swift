/// A secret that cannot be opened with the keys that are set.
public struct UnreadableSecret: Hashable, Sendable {
  /// What it is of, such as `webhook 0b1e…`.
  public var owner: String
  /// Why, and how to mend it.
  public var why: String

  /// Makes one from its parts.
  public init(owner: String, why: String) {
    self.owner = owner
    self.why = why
  }
}

/// How far a walk through all secrets has come.
public struct SecretProgress: Sendable {
  /// Where the next step begins; nil at the end. Stands for nothing but that.
  public var position: String?
  /// How many secrets this step looked at.
  public var looked = 0
  /// How many of them it sealed anew.
  public var sealed = 0
  /// Those that cannot be opened.
  public var unreadable: [UnreadableSecret] = []

  /// Nothing yet.
  public init() {}
}

/// All that a store keeps sealed: tokens and headers of webhooks, kept answers.
public protocol SecretStore: Sendable {
  /// The identity of the key that seals now.
  var sealingKey: String { get }
  /// How many secrets there are.
  func secretCount() async throws(StoreError) -> Int
  /// Opens the next secrets, and seals those anew that another key sealed: one transaction, after which a
  /// crash loses nothing of it. Workers that run are not disturbed: what they hold stays as it is.
  ///
  /// - Parameters:
  ///   - position: where the step before ended; nil to begin.
  ///   - slice: how many rows to look at.
  ///   - seals: false to only look.
  func walkSecrets(after position: String?, slice: Int, seals: Bool) async throws(StoreError)
    -> SecretProgress
}
