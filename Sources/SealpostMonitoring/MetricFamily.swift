/// A metric with all its series, as one scrape sees it (Prometheus, Exposition Formats).
public struct MetricFamily: Sendable {
  /// What the numbers of a metric are.
  public enum Kind: String, Sendable {
    /// Counts from the start of the process, and never falls.
    case counter
    /// What is so now.
    case gauge
    /// How many values were in which range.
    case histogram
  }

  /// The name.
  public let name: String
  /// What its numbers are.
  public let kind: Kind
  /// What it means, in one line.
  public let help: String
  /// The series.
  public let samples: [MetricSample]

  /// Makes a family from its parts.
  public init(_ name: String, _ kind: Kind, _ help: String, _ samples: [MetricSample]) {
    self.name = name
    self.kind = kind
    self.help = help
    self.samples = samples
  }

  /// A family of one series without labels.
  public init(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
    self.init(name, kind, help, [MetricSample(value)])
  }

  /// The same with a whole number.
  public init(_ name: String, _ kind: Kind, _ help: String, _ value: Int) {
    self.init(name, kind, help, Double(value))
  }
}
