import SealpostCore
public import SealpostStore
import SealpostWorker

extension ControlPlane {
  /// Deliveries that were given up or parked, or wait; oldest first.
  public func dead(_ filter: BacklogFilter, by principal: Principal) async throws -> [BacklogEntry]
  {
    try principal.require(.webhookRead)
    var filter = filter
    filter.account = try principal.account(named: filter.account)
    return try await store.backlog(filter)
  }

  /// One of them.
  public func dead(_ id: Int64, by principal: Principal) async throws -> BacklogEntry {
    try principal.require(.webhookRead)
    return try await visibleDead(id, principal)
  }

  /// Lets one go on, as a new run, at the pace at which its webhook takes deliveries.
  public func requeueDead(_ id: Int64, by principal: Principal) async throws {
    try principal.require(.webhookWrite)
    let entry = try await visibleDead(id, principal)
    try await noting(
      "dead.requeue", "\(id)", account: entry.account, by: principal,
      "\(entry.eventID) to \(entry.webhookID)"
    ).revive(id)
  }

  /// Forgets one. The log keeps its attempts.
  public func dropDead(_ id: Int64, by principal: Principal) async throws {
    try principal.require(.webhookWrite)
    let entry = try await visibleDead(id, principal)
    try await noting(
      "dead.drop", "\(id)", account: entry.account, by: principal,
      "\(entry.eventID) to \(entry.webhookID)"
    ).removeBacklog(id)
  }

  /// How many deliveries of an account, or of all, wait or were set aside; counted up to 100,000.
  public func backlogCounts(account: String?, by principal: Principal) async throws
    -> [BacklogState: Int]
  {
    try principal.require(.webhookRead)
    return try await store.backlogCounts(
      account: try principal.account(named: account), upTo: 100_000)
  }

  /// Messages that were no valid events, newest first.
  public func rejected(account: String?, before: Int64?, limit: Int, by principal: Principal)
    async throws -> [RejectedEntry]
  {
    try principal.require(.webhookRead)
    return try await store.rejected(
      account: try principal.account(named: account), before: before, limit: limit)
  }

  /// One of them.
  public func rejected(_ id: Int64, by principal: Principal) async throws -> RejectedEntry {
    try principal.require(.webhookRead)
    return try await visibleRejected(id, principal)
  }

  /// Publishes one again as it is, and forgets it when the broker has it. One that is still wrong is rejected
  /// again.
  ///
  /// - Parameter account: whose event it is, where its header named none that can be one.
  public func requeueRejected(_ id: Int64, account: String? = nil, by principal: Principal)
    async throws
  {
    try principal.require(.webhookWrite)
    let entry = try await visibleRejected(id, principal)
    let account = try principal.account(named: account) ?? entry.account
    try await publisher.publish([
      .rejected(id: entry.messageID, account: account, body: entry.body)
    ])
    try await noting("rejected.requeue", "\(id)", account: entry.account, by: principal)
      .removeRejected(id)
  }

  /// Forgets one.
  public func dropRejected(_ id: Int64, by principal: Principal) async throws {
    try principal.require(.webhookWrite)
    let entry = try await visibleRejected(id, principal)
    try await noting("rejected.drop", "\(id)", account: entry.account, by: principal, entry.reason)
      .removeRejected(id)
  }

  /// How full the queues are now, and for how long messages wait there. They hold those of all accounts.
  public func queues(by principal: Principal) async throws -> [QueueState] {
    try principal.require(.webhookRead)
    try principal.requireAdministrator()
    return try await queueMonitor.readStates()
  }

  /// Who did what, newest first.
  public func audit(account: String?, before: Int64?, limit: Int, by principal: Principal)
    async throws -> [AuditEntry]
  {
    try principal.require(.webhookRead)
    return try await store.audit(
      account: try principal.account(named: account), before: before, limit: limit)
  }

  private func visibleDead(_ id: Int64, _ principal: Principal) async throws -> BacklogEntry {
    let entry = try await store.backlog(id)
    try principal.see(entry.account, "dead delivery \(id)")
    return entry
  }

  private func visibleRejected(_ id: Int64, _ principal: Principal) async throws -> RejectedEntry {
    let entry = try await store.rejected(id)
    try principal.see(entry.account, "rejected message \(id)")
    return entry
  }
}
