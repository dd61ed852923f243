import SealpostCore
import SealpostSigning
public import SealpostStore

extension ControlPlane {
  private static let removalSlice = 2000
  /// In that time all workers know that webhooks are gone.
  private static let noticeTime = Duration.seconds(3)
  private static let mostRounds = 4

  /// How much of an account there is, kind by kind.
  public func holdings(ofAccount account: String, by principal: Principal) async throws
    -> [AccountHolding]
  {
    try principal.requireAdministrator()
    return try await accountStore(account, principal).holdings(of: account)
  }

  /// Removes all of an account. Its webhooks and tokens end at once; rows go in steps, each a transaction of its
  /// own. What was in flight meanwhile may leave rows, so all is looked through again when it has ended.
  /// Whoever is interrupted begins again.
  ///
  /// - Parameter progress: told how many rows were removed, and which share of the log was looked at.
  /// - Returns: how many rows were removed.
  public func purge(
    account: String, by principal: Principal, progress: (Int, _ share: Double) -> Void
  ) async throws -> Int {
    try principal.requireAdministrator()
    let plain = try accountStore(account, principal)
    // The entry stays, so it must not name what is to be forgotten; whoever knows the name finds it.
    let hash = Array(account.utf8).withUnsafeBytes { Digest.sha256($0) }.prefix(8)
      .map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    let noting = noting("account.purge", "sha256:\(hash)", account: nil, by: principal)
    guard let store = noting as? any AccountStore else { throw Self.notOffered }
    try await store.closeAccount(account)
    let closedAt = ContinuousClock.now
    var removed = 0
    for round in 1...Self.mostRounds {
      let before = removed
      var position: Int64?
      repeat {
        let step = try await plain.removeRows(
          of: account, after: position, slice: Self.removalSlice)
        removed += step.removed
        position = step.position
        progress(removed, step.share)
      } while position != nil
      guard round == 1 || removed > before else { break }
      // An attempt that began before a worker knew ends within its time-out.
      let wait = round == 1 ? Self.noticeTime + settings.deliveryTimeout : .seconds(1)
      try await Task.sleep(until: round == 1 ? closedAt + wait : .now + wait)
    }
    return removed
  }

  private static let notOffered = ControlError(
    .failed, "not_offered", "This store cannot do that.")

  private func accountStore(_ account: String, _ principal: Principal) throws -> any AccountStore {
    _ = try principal.account(named: account)
    guard let store = store as? any AccountStore else { throw Self.notOffered }
    return store
  }
}
