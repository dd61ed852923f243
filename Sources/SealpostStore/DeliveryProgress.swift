public import SealpostCore

/// How far a delivery has come.
public enum DeliveryProgress: Hashable, Sendable {
  /// That attempt was not made.
  case unknown
  /// That attempt failed and the next one is not in the log: its retry may never have been published.
  case retryPending(dueAt: Timestamp)
  /// A later attempt was made.
  case superseded
  /// The delivery has ended.
  case ended
  /// The delivery is in the backlog for good.
  case parked
  /// The delivery waits in the backlog, or was just taken out of it: whoever asks may hold the only copy.
  case waiting
}
