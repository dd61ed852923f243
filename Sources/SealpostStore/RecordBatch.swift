/// Rows for one transaction of the recorder. Its pointers are the caller's and good for the call.
public struct RecordBatch {
  /// The events that the other rows are of. One may be there twice.
  public var events: [EventRow] = []
  /// The attempts.
  public var attempts: [AttemptRow] = []
  /// Deliveries for the backlog that no attempt of this batch brings there.
  public var backlog: [BacklogRow] = []

  /// An empty batch.
  public init() {}

  /// Adds the rows of another batch.
  public mutating func append(_ other: RecordBatch) {
    let offset = events.count
    events += other.events
    for var row in other.attempts {
      row.event += offset
      attempts.append(row)
    }
    for var row in other.backlog {
      row.event += offset
      backlog.append(row)
    }
  }
}
