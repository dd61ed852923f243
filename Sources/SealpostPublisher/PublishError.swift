public import SealpostBroker
public import SealpostCore

/// Why an event was not published.
public enum PublishError: Error, Hashable, Sendable {
  /// It is no valid event: the worker would reject it. Nothing was sent.
  case invalidEvent(EventFault)
  /// Its identity is not letters, digits, `_` and `-`, at most 128. Nothing was sent.
  case badID(String)
  /// Its data cannot be encoded as JSON. Nothing was sent.
  case badData(String)
  /// No queue is bound for it. The broker does not have it.
  case unroutable(String)
  /// Its queue is full or not available. The broker does not have it.
  case refused
  /// The broker did not confirm it in time, and may have it or not: publish it again with the same identity.
  case unconfirmed(String)
  /// The broker cannot be reached or used.
  case broker(BrokerError)
  /// The publisher was shut down before.
  case stopped

  /// What is wrong and how to mend it.
  public var sentence: String {
    switch self {
    case .invalidEvent(let fault): fault.sentence
    case .badID(let id):
      "The identity \(id) must be letters, digits, _ and -, at most 128: receivers drop duplicates by it."
    case .badData(let why): "The data cannot be encoded as a JSON object: \(why)."
    case .unroutable(let words):
      "No queue is bound for the event (\(words)): start a worker once, it declares what is missing."
    case .refused:
      "The queue refused the event: it is full or not available. Publish it again later."
    case .unconfirmed(let why):
      "The broker did not confirm the event (\(why)). It may have it: publish it again with the same identity."
    case .broker(let error): error.sentence
    case .stopped: "The publisher was shut down."
    }
  }
}
