import Glibc

/// The clock that never jumps (`CLOCK_MONOTONIC`), for measuring how long something took.
public enum MonotonicTime {
  /// Nanoseconds since some point in the past.
  public static func nanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Milliseconds since the same point.
  public static func milliseconds() -> Int64 { nanoseconds() / 1_000_000 }
}
