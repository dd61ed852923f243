/// Pauses between attempts to connect: doubling from 50 ms to 5 s, each between half of it and all of
/// it, so that many workers do not come back in step.
package struct Backoff {
  private var current = Duration.milliseconds(50)

  /// Makes one that begins with the shortest pause.
  package init() {}

  /// Begins with the shortest pause again.
  package mutating func reset() { current = .milliseconds(50) }

  /// The next pause.
  package mutating func next() -> Duration {
    defer { current = min(current * 2, .seconds(5)) }
    return current * Double.random(in: 0.5...1)
  }
}
