import SealpostCore
public import SealpostStore

extension ControlPlane {
  private static let secretSlice = 200

  /// What was found of secrets, and done to them.
  public struct SecretReport: Sendable {
    /// The identity of the key that seals now.
    public var key: String
    /// How many secrets there are.
    public var count = 0
    /// How many of them were sealed anew.
    public var sealed = 0
    /// Those that no key opens. They stay as they are.
    public var unreadable: [UnreadableSecret] = []
  }

  /// The public keys of webhooks that sign with Ed25519, as a JSON Web Key Set. They are for everybody.
  public func publicKeys(ofWebhook webhook: String?) async throws -> [UInt8] {
    try await publicKeySet.json(from: store, webhook: webhook)
  }

  /// Seals every secret anew that another key than the current one sealed. Each step is a transaction of its
  /// own; whoever is interrupted begins again, and what is done is passed over.
  ///
  /// - Parameter progress: told how many of how many secrets were looked at.
  public func rotateSecretKey(
    by principal: Principal, progress: (Int, _ of: Int) -> Void
  ) async throws -> SecretReport {
    try principal.requireAdministrator()
    let report = try await walkSecrets(seals: true, progress: progress)
    try await note(
      "secrets.rotate_key", report.key, account: nil, by: principal,
      "\(report.sealed) of \(report.count) sealed anew, \(report.unreadable.count) cannot be opened"
    )
    return report
  }

  /// Which secrets the keys that are set do not open.
  public func checkSecrets(by principal: Principal) async throws -> SecretReport {
    try principal.requireAdministrator()
    return try await walkSecrets(seals: false) { _, _ in }
  }

  private func walkSecrets(seals: Bool, progress: (Int, _ of: Int) -> Void) async throws
    -> SecretReport
  {
    guard let store = store as? any SecretStore else {
      throw ControlError(.failed, "not_offered", "This store cannot do that.")
    }
    var report = SecretReport(key: store.sealingKey)
    let expected = try await store.secretCount()
    var position: String?
    repeat {
      let step = try await store.walkSecrets(
        after: position, slice: Self.secretSlice, seals: seals)
      report.count += step.looked
      report.sealed += step.sealed
      report.unreadable += step.unreadable
      position = step.position
      progress(report.count, max(expected, report.count))
    } while position != nil
    return report
  }
}
