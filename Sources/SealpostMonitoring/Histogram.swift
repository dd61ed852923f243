import SealpostCore

/// Counts how many values fall into which of a few fixed ranges. One thread writes, any may read.
public final class Histogram: Sendable {
  /// A histogram at one moment.
  public struct Snapshot: Sendable {
    /// The upper bounds of the ranges, in the unit of the metric.
    public internal(set) var bounds: [Double]
    /// How many values there were in each range; one more than bounds, for those above the last.
    public internal(set) var counts: [Int]
    /// The sum of all values, in the unit of the metric.
    public internal(set) var sum: Double

    /// Both together: of two threads that count the same.
    public static func + (lhs: Snapshot, rhs: Snapshot) -> Snapshot {
      precondition(lhs.bounds == rhs.bounds, "only what counts the same can be added")
      var result = lhs
      for index in result.counts.indices { result.counts[index] += rhs.counts[index] }
      result.sum += rhs.sum
      return result
    }
  }

  private let bounds: [Int]
  private let unit: Double
  private let cells: CounterBlock

  /// Makes a histogram.
  ///
  /// - Parameters:
  ///   - bounds: the upper bounds, rising, each within its range.
  ///   - unit: what one step of them is in the unit of the metric.
  public init(bounds: [Int], unit: Double) {
    self.bounds = bounds
    self.unit = unit
    cells = CounterBlock(count: bounds.count + 2)
  }

  /// A histogram of times: given in microseconds, shown in seconds.
  public convenience init(_ bounds: [Duration]) {
    self.init(bounds: bounds.map { Int($0.nanoseconds / 1000) }, unit: 1e-6)
  }

  /// Counts a value; one below zero as zero. The writing thread only.
  public func observe(_ value: Int) {
    let value = max(0, value)
    var index = 0
    while index < bounds.count, value > bounds[index] { index += 1 }
    cells.add(at: index)
    cells.add(value, at: bounds.count + 1)
  }

  /// How it is now. Any thread.
  public func snapshot() -> Snapshot {
    Snapshot(
      bounds: bounds.map { Double($0) * unit }, counts: (0...bounds.count).map { cells[$0] },
      sum: Double(cells[bounds.count + 1]) * unit)
  }
}
