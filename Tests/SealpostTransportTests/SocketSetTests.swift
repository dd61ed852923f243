import Glibc
import SealpostCore
import Testing

@testable import SealpostTransport

@Suite("The sockets of an engine in its epoll set")
struct SocketSetTests {
  private let poller: Poller
  private var sockets: SocketSet
  private static let readable = Poller.Events.readable.rawValue

  init() throws {
    poller = try Poller()
    sockets = SocketSet(poller: poller.fileDescriptor, tokenBase: 1 << 32)
  }

  /// What the set reports right now.
  private func ready() throws -> [Int32] {
    var found: [Int32] = []
    try poller.wait(timeoutMilliseconds: 0) { token, _ in
      found.append(Int32(truncatingIfNeeded: token))
    }
    return found
  }

  private func pair() -> (Int32, Int32) {
    var ends: [Int32] = [0, 0]
    #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    return (ends[0], ends[1])
  }

  @Test(
    "A kept connection is watched again without being added again, and tells of what came meanwhile"
  )
  mutating func keptConnection() throws {
    let (socket, peer) = pair()
    defer { [socket, peer].forEach { _ = close($0) } }
    sockets.watch(socket, for: Self.readable)
    sockets.unwatch(socket, isKept: true)
    sockets.watch(socket, for: Self.readable)
    #expect(try ready().isEmpty)
    #expect(write(peer, "x", 1) == 1)
    #expect(try ready() == [socket])
    let isWatched = sockets.isWatched(socket)
    #expect(isWatched)
  }

  @Test("An idle connection whose peer closes it leaves the set, and can be watched again")
  mutating func idleConnectionEnds() throws {
    let (socket, peer) = pair()
    defer { close(socket) }
    sockets.watch(socket, for: Self.readable)
    sockets.unwatch(socket, isKept: true)
    close(peer)
    #expect(try ready() == [socket])
    var isWatched = sockets.isWatched(socket)
    #expect(!isWatched)
    #expect(try ready().isEmpty)
    sockets.watch(socket, for: Self.readable)
    #expect(try ready() == [socket])
    isWatched = sockets.isWatched(socket)
    #expect(isWatched)
  }

  @Test("A socket that is not kept leaves the set at once")
  mutating func otherSocket() throws {
    let (socket, peer) = pair()
    defer { [socket, peer].forEach { _ = close($0) } }
    #expect(write(peer, "x", 1) == 1)
    sockets.watch(socket, for: Self.readable)
    sockets.unwatch(socket, isKept: false)
    #expect(try ready().isEmpty)
  }

  /// Makes a socket another one, whose other end it gives: without a moment in which its number is free.
  private func replace(_ socket: Int32) -> Int32 {
    let (other, otherPeer) = pair()
    #expect(dup2(other, socket) == socket)
    close(other)
    return otherPeer
  }

  @Test("The number of a closed connection is watched anew when another socket gets it")
  mutating func numberUsedAgain() throws {
    let (socket, peer) = pair()
    sockets.watch(socket, for: Self.readable)
    sockets.unwatch(socket, isKept: true)
    sockets.closed(socket)
    let otherPeer = replace(socket)
    defer { [socket, peer, otherPeer].forEach { _ = close($0) } }
    sockets.watch(socket, for: Self.readable)
    #expect(write(otherPeer, "x", 1) == 1)
    #expect(try ready() == [socket])
  }

  @Test("A socket takes the place of one with its number that was closed without a word")
  mutating func numberUsedAgainUnnoticed() throws {
    let (socket, peer) = pair()
    sockets.watch(socket, for: Self.readable)
    let otherPeer = replace(socket)
    defer { [socket, peer, otherPeer].forEach { _ = close($0) } }
    sockets.opened(socket)
    sockets.watch(socket, for: Self.readable)
    #expect(write(otherPeer, "x", 1) == 1)
    #expect(try ready() == [socket])
  }
}
