/// How much work a store may do for one question before it refuses to go on.
public struct QueryEffort: Hashable, Sendable {
  /// How long it may take.
  public var time: Duration
  /// How many rows it may look at, about; nil for as many as there are.
  public var rows: Int?

  /// Two seconds, however many rows that are: for people at a terminal.
  public static let people = QueryEffort(time: .seconds(2), rows: nil)

  /// Makes a limit from its parts.
  public init(time: Duration, rows: Int?) {
    self.time = time
    self.rows = rows
  }
}
