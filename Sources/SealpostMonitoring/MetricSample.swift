/// One series of a metric, at one moment.
public struct MetricSample: Sendable {
  /// What a series holds.
  public enum Value: Sendable {
    /// A number.
    case number(Double)
    /// How many values were in which range.
    case histogram(Histogram.Snapshot)
  }

  /// What tells it from the others. Values are of a fixed set, never what somebody else chose.
  public let labels: [(name: String, value: String)]
  /// What it holds.
  public let value: Value

  /// A series that holds a number.
  public init(_ value: Double, _ labels: (name: String, value: String)...) {
    self.labels = labels
    self.value = .number(value)
  }

  /// A series that holds a whole number.
  public init(_ value: Int, _ labels: (name: String, value: String)...) {
    self.labels = labels
    self.value = .number(Double(value))
  }

  /// A series that holds a distribution.
  public init(_ histogram: Histogram.Snapshot, _ labels: (name: String, value: String)...) {
    self.labels = labels
    value = .histogram(histogram)
  }
}
