public import SealpostBroker

/// A queue as JSON.
public struct QueueView: Encodable, Sendable {
  let queue: String
  let messages, consumers: Int

  /// The view of a queue's depth.
  public init(_ depth: QueueDepth) {
    queue = depth.queue
    messages = depth.messages
    consumers = depth.consumers
  }
}
