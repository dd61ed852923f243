public import SealpostCore

/// What a worker saw of a webhook that changes its state.
public struct HealthChange: Sendable {
  /// The webhook's key.
  public var webhookKey: Int64
  /// What it turns into, which is also what its owner is told.
  public var kind: NoticeKind
  /// Why, for people.
  public var why: String
  /// The trace that the event is part of whose delivery showed it.
  public var traceparent: String?

  /// Makes a change from its parts.
  public init(webhookKey: Int64, kind: NoticeKind, why: String, traceparent: String? = nil) {
    self.webhookKey = webhookKey
    self.kind = kind
    self.why = why
    self.traceparent = traceparent
  }
}

/// A notice that is to be published.
public struct Notice: Sendable {
  /// Its key.
  public var id: Int64
  /// The account that it is for.
  public var account: String
  /// The public identity of the webhook that it is about.
  public var webhookID: String
  /// What it tells.
  public var kind: NoticeKind
  /// The event, as it is published.
  public var body: [UInt8]
  /// The trace that it is part of.
  public var traceparent: String?
}

/// The health of webhooks, which several workers may see change at once. Blocks its caller.
public protocol HealthStore: Sendable {
  /// Makes the changes, each by compare-and-set: a webhook that is already what it would turn into stays
  /// untouched and has no second notice. The notice of one that changed is kept with it, at most one a kind,
  /// webhook and hour.
  func apply(_ changes: [HealthChange]) throws(StoreError)

  /// Notices that nobody has published yet, oldest first.
  func unpublishedNotices(limit: Int) throws(StoreError) -> [Notice]

  /// Notes that notices are published.
  func notePublished(_ notices: [Int64]) throws(StoreError)
}
