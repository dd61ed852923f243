/// A part of the process that can be watched. Both functions read memory alone, on any thread, so that they
/// answer at once also while the broker or the store does not.
public protocol Monitored: Sendable {
  /// Its metrics now.
  func metrics() -> [MetricFamily]
  /// Its parts that the process needs to do its work.
  func readiness() -> [ReadinessPart]
}

extension Monitored {
  /// None.
  public func readiness() -> [ReadinessPart] { [] }
}
