import Glibc

/// Waiting for a condition, with a deadline.
public enum Waiting {
  /// Asks until the condition holds or the time is over; whether it held.
  public static func until(seconds: Int, _ condition: () throws -> Bool) rethrows -> Bool {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(seconds)
    while try !condition() {
      guard clock.now < deadline else { return false }
      _ = poll(nil, 0, 5)
    }
    return true
  }
}
