import Synchronization

/// Numbers that one thread writes and any other may read while it does.
///
/// A write is a plain load and store of memory that is in the writer's cache: no lock, no allocation. The
/// block begins and ends on cache lines of its own, so that neighbors do not slow each other.
///
/// Sendable because its cells are atomic. Each has one writer, whose load and store nothing comes between.
public final class CounterBlock: @unchecked Sendable {
  private static let lineBytes = 64

  /// How many numbers there are.
  public let count: Int
  private let cells: UnsafeMutablePointer<Atomic<Int>>

  /// A block of zeros.
  public init(count: Int) {
    self.count = count
    let bytes = max(1, count) * MemoryLayout<Atomic<Int>>.stride
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: (bytes + Self.lineBytes - 1) / Self.lineBytes * Self.lineBytes,
      alignment: Self.lineBytes)
    cells = memory.bindMemory(to: Atomic<Int>.self, capacity: count)
    for index in 0..<count { (cells + index).initialize(to: Atomic(0)) }
  }

  deinit {
    cells.deinitialize(count: count)
    UnsafeMutableRawPointer(cells).deallocate()
  }

  /// Adds to a number. Its writer only.
  public func add(_ amount: Int = 1, at index: Int) {
    precondition(index >= 0 && index < count, "an index of the block")
    let sum = cells[index].load(ordering: .relaxed) &+ amount
    cells[index].store(sum, ordering: .relaxed)
  }

  /// Sets a number. Its writer only.
  public func set(_ value: Int, at index: Int) {
    precondition(index >= 0 && index < count, "an index of the block")
    cells[index].store(value, ordering: .relaxed)
  }

  /// A number as it is now. Any thread.
  public subscript(index: Int) -> Int {
    precondition(index >= 0 && index < count, "an index of the block")
    return cells[index].load(ordering: .relaxed)
  }
}
