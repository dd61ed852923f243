/// Rows that a lane leaves for the recorder. Its pointers are the lane's and good until they are committed.
public struct RecordBatch {
  /// The events that the other rows are of. One may be there twice.
  public var events: [EventRow] = []
  /// The attempts.
  public var attempts: [AttemptRow] = []
  /// Deliveries for the backlog that no attempt of this batch brings there.
  public var backlog: [BacklogRow] = []

  /// An empty batch.
  public init() {}

  /// Forgets the rows, and keeps the memory that they were in.
  public mutating func removeAll() {
    events.removeAll(keepingCapacity: true)
    attempts.removeAll(keepingCapacity: true)
    backlog.removeAll(keepingCapacity: true)
  }
}
