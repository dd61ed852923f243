import Foundation
import SealpostCore
public import SealpostStore

extension ControlPlane {
  /// How far a dry run counts.
  public static let mostCounted = 100_000

  /// What somebody wants to have sent again.
  public struct ReplayInput: Sendable {
    /// Last sent, or parked, at that time or later; ISO 8601.
    public var since: String?
    /// And before that time; now where it is left out.
    public var until: String?
    /// What the last attempt of a delivery came to, or `parked`.
    public var outcome: String?
    /// The event's name.
    public var event: String?
    /// At most so many a second.
    public var rate: Int?

    /// Everything.
    public init() {}
  }

  /// How many deliveries a replay would send again, up to `mostCounted`.
  public func countReplay(ofWebhook id: String, _ input: ReplayInput, by principal: Principal)
    async throws -> Int
  {
    try principal.require(.webhookRead)
    _ = try await find(id, principal)
    return try await store.count(
      try Self.selection(input), webhook: id, upTo: Self.mostCounted)
  }

  /// Begins to send deliveries of a webhook again. It goes on by itself, and survives restarts.
  public func replay(ofWebhook id: String, _ input: ReplayInput, by principal: Principal)
    async throws -> Replay
  {
    try principal.require(.webhookWrite)
    let webhook = try await find(id, principal)
    let selection = try Self.selection(input)
    let waiting = try await store.backlogCounts(
      account: webhook.account, upTo: settings.quotas.backlog)[.waiting]
    guard (waiting ?? 0) < settings.quotas.backlog else {
      throw ControlError(
        .conflict, "quota_reached",
        "\(settings.quotas.backlog) deliveries of the account wait already: let them go out first.")
    }
    let expected = try await store.count(selection, webhook: id, upTo: Self.mostCounted)
    let replay = UUID().uuidString.lowercased()
    return try await noting(
      "replay.create", replay, account: webhook.account, by: principal,
      "\(expected) deliveries to \(id)"
    ).createReplay(
      id: replay, account: webhook.account, webhook: id, selection, rate: input.rate,
      expected: expected)
  }

  /// A webhook's replays, newest first.
  public func replays(ofWebhook id: String, limit: Int = 20, by principal: Principal) async throws
    -> [Replay]
  {
    try principal.require(.webhookRead)
    _ = try await find(id, principal)
    return try await store.replays(webhook: id, limit: limit)
  }

  /// One replay of a webhook.
  public func replay(_ id: String, ofWebhook webhook: String, by principal: Principal) async throws
    -> Replay
  {
    try principal.require(.webhookRead)
    return try await visible(id, webhook, principal)
  }

  /// Ends a replay. What is in the backlog already goes out.
  public func cancelReplay(_ id: String, ofWebhook webhook: String, by principal: Principal)
    async throws -> Replay
  {
    try principal.require(.webhookWrite)
    let replay = try await visible(id, webhook, principal)
    return try await noting("replay.cancel", id, account: replay.account, by: principal)
      .cancelReplay(id)
  }

  private func visible(_ id: String, _ webhook: String, _ principal: Principal) async throws
    -> Replay
  {
    _ = try await find(webhook, principal)
    let replay = try await store.replay(id)
    guard replay.webhookID == webhook else { throw ControlError.notFound("replay \(id)") }
    return replay
  }

  private static func selection(_ input: ReplayInput) throws -> ReplaySelection {
    var faults = FieldFaults()
    func time(_ field: String, _ text: String?, _ otherwise: Timestamp) -> Timestamp {
      guard let text else { return otherwise }
      guard let time = Timestamp(iso8601: text) else {
        faults.add(field, "bad_time", "Give a time such as 2026-01-31T12:00:00Z.")
        return otherwise
      }
      return time
    }
    let until = time("until", input.until, .now())
    if input.since == nil {
      faults.add("since", "missing", "Say since when: a time such as 2026-01-31T12:00:00Z.")
    }
    let since = time("since", input.since, until)
    if faults.all.isEmpty, since >= until {
      faults.add("since", "bad_time", "It must be before `until`.")
    }
    let outcome = input.outcome.flatMap { ReplaySelection.Outcome(name: $0) }
    if let text = input.outcome, outcome == nil {
      let known = AttemptOutcome.allCases.map(\.name).joined(separator: ", ")
      faults.add("outcome", "bad_outcome", "\"\(text)\" must be one of \(known), parked.")
    }
    if let event = input.event, !EventName.isValid(event) {
      faults.add("event", "bad_event_name", "Give an event's name such as license.created.")
    }
    if let rate = input.rate, !(1...10_000).contains(rate) {
      faults.add("rate", "bad_rate", "It must be 1 to 10000 deliveries a second.")
    }
    try faults.throwIfAny()
    return ReplaySelection(since: since, until: until, outcome: outcome, eventName: input.event)
  }
}
