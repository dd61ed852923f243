internal import CLinux
import Glibc
import SealpostCore

/// An epoll set (epoll(7)), level-triggered, for one thread: the sockets of the broker and of libcurl
/// and whatever else wakes a lane.
public final class Poller {
  /// What a descriptor is watched for, or is ready for.
  public struct Events: OptionSet, Sendable {
    /// The bits of epoll_ctl(2).
    public let rawValue: UInt32

    /// Makes events from the bits of epoll_ctl(2).
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// There is something to read.
    public static let readable = Events(rawValue: EPOLLIN.rawValue)
    /// There is room to write.
    public static let writable = Events(rawValue: EPOLLOUT.rawValue)
    /// The descriptor is broken or closed by its peer. Always watched for.
    public static let failed = Events(rawValue: EPOLLERR.rawValue | EPOLLHUP.rawValue)
  }

  private static let batch = 256

  /// The epoll set itself. Owned by the poller.
  let fileDescriptor: Int32
  private let ready: UnsafeMutablePointer<epoll_event>

  /// Makes an empty set.
  public init() throws(TransportError) {
    fileDescriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard fileDescriptor >= 0 else { throw .system("epoll_create1", code: errno) }
    ready = .allocate(capacity: Self.batch)
  }

  deinit {
    close(fileDescriptor)
    ready.deallocate()
  }

  /// Begins to watch a descriptor, which `wait` will name by the token.
  public func add(_ descriptor: Int32, token: UInt64, events: Events) throws(TransportError) {
    try control(EPOLL_CTL_ADD, descriptor, token, events)
  }

  /// Changes what a descriptor is watched for.
  public func modify(_ descriptor: Int32, token: UInt64, events: Events) throws(TransportError) {
    try control(EPOLL_CTL_MOD, descriptor, token, events)
  }

  /// Stops watching a descriptor. Call it before the descriptor is closed.
  public func remove(_ descriptor: Int32) throws(TransportError) {
    try control(EPOLL_CTL_DEL, descriptor, 0, [])
  }

  /// Sleeps until something is ready or the time is over, and calls `body` for each that is.
  ///
  /// - Parameter timeoutMilliseconds: -1 waits for ever.
  /// - Returns: for how long it slept, in nanoseconds; what `body` takes is not part of it.
  @discardableResult
  public func wait(timeoutMilliseconds: Int32, _ body: (UInt64, Events) -> Void)
    throws(TransportError) -> Int64
  {
    let start = MonotonicTime.nanoseconds()
    let count = epoll_wait(fileDescriptor, ready, Int32(Self.batch), timeoutMilliseconds)
    let slept = MonotonicTime.nanoseconds() - start
    guard count >= 0 else {
      if errno == EINTR { return slept }
      throw .system("epoll_wait", code: errno)
    }
    for index in 0..<Int(count) {
      body(ready[index].data.u64, Events(rawValue: ready[index].events))
    }
    return slept
  }

  private func control(_ operation: Int32, _ descriptor: Int32, _ token: UInt64, _ events: Events)
    throws(TransportError)
  {
    var event = epoll_event(events: events.rawValue, data: epoll_data(u64: token))
    guard epoll_ctl(fileDescriptor, operation, descriptor, &event) == 0 else {
      throw .system("epoll_ctl", code: errno)
    }
  }
}
