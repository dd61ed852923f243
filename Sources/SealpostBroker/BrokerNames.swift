/// The names of our exchanges and queues.
public struct BrokerNames: Sendable {
  /// The topic exchange that events are published to.
  public let eventsExchange: String
  /// The queue of new events.
  public let events: String
  /// The queue of events of accounts over their share.
  public let bulk: String
  /// The queue of deliveries whose time has come.
  public let retries: String
  /// The topic exchange at the end of the ladder.
  public let due: String
  /// The queue of messages that are no valid events.
  public let rejected: String
  /// The topic exchange of notices.
  public let notices: String
  /// The fanout exchange over which workers speak to each other.
  public let control: String

  private let namespace: String

  /// The version of the ladder's queues: another one where their number or arguments change.
  static let topologyVersion = 1

  /// Derives the names.
  public init(namespace: String, eventsExchange: String) {
    self.namespace = namespace
    self.eventsExchange = eventsExchange
    events = "\(namespace).events"
    bulk = "\(namespace).events.bulk"
    retries = "\(namespace).retries"
    due = "\(namespace).due"
    rejected = "\(namespace).rejected"
    notices = "\(namespace).notices"
    control = "\(namespace).control"
  }

  /// The exchange, and the queue, of a level of the ladder. Names carry the topology's version, since a
  /// queue's arguments cannot change.
  public func delay(_ level: Int) -> String { delay(level, version: Self.topologyVersion) }

  /// The same of a version of the topology.
  func delay(_ level: Int, version: Int) -> String { "\(namespace).v\(version).delay.\(level)" }

  /// All queues, the ladder's levels last.
  public var queues: [String] {
    [events, bulk, retries, rejected] + (0..<DelayLadder.levels).map(delay)
  }

  /// What tells a queue of ours from the others, the same in every namespace; nil where it is none of ours.
  public func label(ofQueue queue: String) -> String? {
    guard queues.contains(queue) else { return nil }
    let rest = queue.dropFirst(namespace.count + 1)
    return String(rest.trimmingPrefix("v\(Self.topologyVersion)."))
  }
}
