internal import CLinux
import Glibc

/// The sockets of an engine in its thread's epoll set (epoll(7)).
///
/// libcurl stops watching a connection when a request has ended and watches it again when the next one
/// begins: two system calls a request. So a connection that is kept for the next request stays in the set
/// meanwhile, and is taken out when something comes of it, which can only be its end.
struct SocketSet {
  private struct Entry {
    /// What the socket is in the set for; 0 where it is not in the set.
    var events: UInt32 = 0
    /// Whether libcurl does not watch it now.
    var isIdle = false
  }

  private let poller: Int32
  private let tokenBase: UInt64
  /// By descriptor.
  private var entries: [Entry] = []

  init(poller: Int32, tokenBase: UInt64) {
    self.poller = poller
    self.tokenBase = tokenBase
  }

  /// Watches a socket for events of epoll_ctl(2).
  mutating func watch(_ socket: Int32, for events: UInt32) {
    let index = Int(socket)
    if index >= entries.count {
      entries.append(contentsOf: repeatElement(Entry(), count: index + 1 - entries.count))
    }
    let known = entries[index].events
    entries[index] = Entry(events: events)
    guard known != events else { return }
    var event = epoll_event(
      events: events, data: epoll_data(u64: tokenBase | UInt64(UInt32(bitPattern: socket))))
    epoll_ctl(poller, known == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event)
  }

  /// Stops watching a socket.
  ///
  /// - Parameter isKept: whether it is a connection for later requests, whose end is announced by `closed`.
  mutating func unwatch(_ socket: Int32, isKept: Bool) {
    let index = Int(socket)
    guard entries.indices.contains(index), entries[index].events != 0 else { return }
    if isKept, entries[index].events == EPOLLIN.rawValue {
      entries[index].isIdle = true
    } else {
      remove(socket)
    }
  }

  /// Whether libcurl wants to know that something came of a socket; one that is idle leaves the set.
  mutating func isWatched(_ socket: Int32) -> Bool {
    guard entries.indices.contains(Int(socket)), entries[Int(socket)].isIdle else { return true }
    remove(socket)
    return false
  }

  /// Notes that a socket was opened. Where libcurl closed another of that number without a word, in the middle
  /// of connecting, it goes on to watch the number for the same: so the new one takes its place in the set.
  mutating func opened(_ socket: Int32) {
    let index = Int(socket)
    guard entries.indices.contains(index), entries[index].events != 0 else { return }
    let events = entries[index].events
    entries[index] = Entry()
    watch(socket, for: events)
  }

  /// Notes that a socket is about to be closed, which takes it out of the set.
  mutating func closed(_ socket: Int32) {
    if entries.indices.contains(Int(socket)) { entries[Int(socket)] = Entry() }
  }

  private mutating func remove(_ socket: Int32) {
    entries[Int(socket)] = Entry()
    epoll_ctl(poller, EPOLL_CTL_DEL, socket, nil)
  }
}
