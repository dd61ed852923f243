public import SealpostBroker
import SealpostCore

/// A queue as it is shown to others: its name, how many messages and consumers it has; where it is watched, the
/// age of the oldest message in seconds, at most, and how many come and go in a second.
public struct QueueView: Encodable, Sendable {
  let queue: String
  let messages, consumers: Int
  private(set) var oldestAgeSeconds: Double?
  private(set) var inPerSecond, outPerSecond: Double?

  /// The view of a queue's depth.
  public init(_ depth: QueueDepth) {
    queue = depth.queue
    messages = depth.messages
    consumers = depth.consumers
  }

  /// The view of a queue that is watched.
  public init(_ state: QueueState) {
    self.init(state.depth)
    oldestAgeSeconds = (state.oldestAge / .milliseconds(1)).rounded() / 1000
    inPerSecond = state.rates.map { Self.rounded($0.arriving) }
    outPerSecond = state.rates.map { Self.rounded($0.leaving) }
  }

  private static func rounded(_ rate: Double) -> Double { (rate * 10).rounded() / 10 }
}
