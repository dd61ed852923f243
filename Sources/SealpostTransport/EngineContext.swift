internal import CCurl
internal import CLinux
import Glibc
import SealpostCore

/// What libcurl's callbacks need of their engine: plain memory at a fixed address, since a callback that
/// unwraps a class costs twenty times one that gets a pointer.
struct EngineContext {
  let settings: TransportSettings
  var egress: EgressPolicy
  /// Whether every socket is the proxy's.
  let isProxied: Bool
  var sockets: SocketSet
  /// When libcurl wants to be called next, on the monotonic clock in milliseconds; nil for not at all.
  var timerDeadline: Int64?
  /// How many look-ups of names may be under way.
  var resolving = 0
}

/// CURLMOPT_SOCKETFUNCTION: keeps the epoll set in step with the sockets that libcurl watches.
func socketChanged(
  _ handle: UnsafeMutableRawPointer?, _ socket: curl_socket_t, _ what: CInt,
  _ user: UnsafeMutableRawPointer?, _ known: UnsafeMutableRawPointer?
) -> CInt {
  guard let context = user?.assumingMemoryBound(to: EngineContext.self) else { return 0 }
  if what == CURL_POLL_REMOVE {
    var data: UnsafeMutableRawPointer?
    if let handle { sealpost_get_pointer(handle, CURLINFO_PRIVATE, &data) }
    // Only a connection that brought an answer is one whose end `closeSocket` hears of.
    let slot = data?.assumingMemoryBound(to: TransferSlot.self)
    context.pointee.sockets.unwatch(socket, isKept: slot?.pointee.isHeadComplete == true)
    return 0
  }
  var events: UInt32 = 0
  if what & CURL_POLL_IN != 0 { events |= EPOLLIN.rawValue }
  if what & CURL_POLL_OUT != 0 { events |= EPOLLOUT.rawValue }
  context.pointee.sockets.watch(socket, for: events)
  return 0
}

/// CURLMOPT_TIMERFUNCTION: notes when libcurl wants to be called.
func timerChanged(
  _ multi: UnsafeMutableRawPointer?, _ milliseconds: CLong, _ user: UnsafeMutableRawPointer?
) -> CInt {
  guard let context = user?.assumingMemoryBound(to: EngineContext.self) else { return 0 }
  context.pointee.timerDeadline =
    milliseconds < 0 ? nil : MonotonicTime.milliseconds() + Int64(milliseconds)
  return 0
}

/// CURLOPT_OPENSOCKETFUNCTION: the egress policy, on the address that is about to be dialled.
func openSocket(
  _ user: UnsafeMutableRawPointer?, _ purpose: curlsocktype,
  _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
  guard let slot = user?.assumingMemoryBound(to: TransferSlot.self), let address else { return -1 }
  slot.pointee.endResolving()
  let isAllowed =
    if slot.pointee.context.pointee.isProxied {
      // The address is the proxy's, which the operator chose.
      slot.pointee.target?.isForbidden == false
    } else {
      withUnsafePointer(to: &address.pointee.addr) { address in
        IPAddress(address).map { slot.pointee.context.pointee.egress.verdict($0) == .allowed }
          ?? false
      }
    }
  guard isAllowed else {
    slot.pointee.wasDenied = true
    return -1
  }
  slot.pointee.wasDialed = true
  // Where a kept connection turned out to be dead, the request begins once more over this one.
  slot.pointee.hasBegun = false
  let opened = socket(
    address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue),
    address.pointee.protocol)
  slot.pointee.context.pointee.sockets.opened(opened)
  return opened
}

/// CURLOPT_CLOSESOCKETFUNCTION: the number of a connection's socket is about to be another's.
func closeSocket(_ user: UnsafeMutableRawPointer?, _ socket: curl_socket_t) -> CInt {
  user?.assumingMemoryBound(to: EngineContext.self).pointee.sockets.closed(socket)
  return close(socket)
}

/// CURLOPT_PREREQFUNCTION: the egress policy once more, for connections that are used again and so were
/// not opened for this request.
func requestBegins(
  _ user: UnsafeMutableRawPointer?, _ address: UnsafeMutablePointer<CChar>?,
  _ local: UnsafeMutablePointer<CChar>?, _ port: CInt, _ localPort: CInt
) -> CInt {
  guard let slot = user?.assumingMemoryBound(to: TransferSlot.self), let address else {
    return CURL_PREREQFUNC_ABORT
  }
  slot.pointee.endResolving()
  let isAllowed =
    slot.pointee.context.pointee.isProxied
    ? slot.pointee.target?.isForbidden == false
    : IPAddress(cString: address).map {
      slot.pointee.context.pointee.egress.verdict($0) == .allowed
    } == true
  guard isAllowed else {
    slot.pointee.wasDenied = true
    slot.pointee.wasDialed = false
    return CURL_PREREQFUNC_ABORT
  }
  slot.pointee.hasBegun = true
  return CURL_PREREQFUNC_OK
}

/// CURLOPT_HEADERFUNCTION: one line of the head at a time.
func receiveHead(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ members: Int,
  _ user: UnsafeMutableRawPointer?
) -> Int {
  let count = size * members
  guard let slot = user?.assumingMemoryBound(to: TransferSlot.self) else { return 0 }
  let line = UnsafeRawBufferPointer(start: bytes, count: count)
  return slot.pointee.receive(headLine: line) ? count : 0
}

/// CURLOPT_WRITEFUNCTION: the body piece by piece.
func receiveBody(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ members: Int,
  _ user: UnsafeMutableRawPointer?
) -> Int {
  let count = size * members
  guard let slot = user?.assumingMemoryBound(to: TransferSlot.self) else { return 0 }
  let piece = UnsafeRawBufferPointer(start: bytes, count: count)
  return slot.pointee.receive(body: piece) || count == 0 ? count : 0
}
