internal import CCurl
internal import DequeModule
import Glibc
public import SealpostCore

/// Makes many HTTP requests at once on one thread: a libcurl multi handle (libcurl-multi(3)) whose sockets
/// are in the thread's epoll set, and slots that are set up once and used again.
///
/// Confined to the thread that made it. Accesses to its lists, which know nothing of it, are not checked for overlap.
public final class HTTPEngine {
  /// How many look-ups of names may be under way: this libcurl makes a thread for each.
  static let resolvingLimit = 64

  /// How many requests may be in flight.
  public let capacity: Int

  private let multi: UnsafeMutableRawPointer
  private let context: UnsafeMutablePointer<EngineContext>
  private let withheld: UnsafeMutablePointer<curl_slist>
  /// The last line of every head.
  private let userAgent: [UInt8]
  @exclusivity(unchecked) private var slots: [UnsafeMutablePointer<TransferSlot>] = []
  @exclusivity(unchecked) private var free: [UnsafeMutablePointer<TransferSlot>] = []
  @exclusivity(unchecked) private var unresolved: Deque<UnsafeMutablePointer<TransferSlot>> = []

  /// How many requests are in flight.
  @exclusivity(unchecked) public private(set) var inFlight = 0

  /// Makes an engine.
  ///
  /// - Parameters:
  ///   - poller: the thread's epoll set. The engine's tokens are `tokenBase` and a descriptor.
  ///   - tokenBase: a number whose low 32 bits are 0.
  public init(
    poller: Poller, tokenBase: UInt64, settings: TransportSettings, egress: EgressPolicy
  ) throws(TransportError) {
    guard Self.isLibraryReady, let multi = curl_multi_init() else {
      throw .setUp("no multi handle")
    }
    guard let withheld = Self.withheldHeaders() else { throw .setUp("no memory") }
    capacity = settings.capacity
    self.multi = multi
    self.withheld = withheld
    userAgent = Array("\r\nUser-Agent: \(settings.userAgent)".utf8)
    context = .allocate(capacity: 1)
    context.initialize(
      to: EngineContext(
        settings: settings, egress: egress, isProxied: settings.proxy != nil,
        sockets: SocketSet(poller: poller.fileDescriptor, tokenBase: tokenBase)))
    sealpost_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, context)
    sealpost_multi_set_socket_function(multi, socketChanged)
    sealpost_multi_set_pointer(multi, CURLMOPT_TIMERDATA, context)
    sealpost_multi_set_timer_function(multi, timerChanged)
    // Also over HTTP/2 one request a connection at a time: what one loses when its connection breaks is one
    // request, and limits of requests in flight stay limits of connections.
    sealpost_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
    sealpost_multi_set_long(multi, CURLMOPT_MAXCONNECTS, max(1024, settings.capacity * 2))
  }

  deinit {
    cancelAll()
    sealpost_multi_set_socket_function(multi, nil)
    sealpost_multi_set_timer_function(multi, nil)
    for slot in slots {
      curl_easy_cleanup(slot.pointee.handle)
      slot.pointee.errorText.deallocate()
      slot.pointee.head.free()
      slot.pointee.headExcerpt.free()
      slot.pointee.bodyExcerpt.free()
      slot.deinitialize(count: 1)
      slot.deallocate()
    }
    curl_multi_cleanup(multi)
    curl_slist_free_all(withheld)
    context.deinitialize(count: 1)
    context.deallocate()
  }

  /// The headers that libcurl would add by itself, without a value: that leaves them out.
  private static func withheldHeaders() -> UnsafeMutablePointer<curl_slist>? {
    var list: UnsafeMutablePointer<curl_slist>?
    for name in ["Host:", "Content-Type:", "Accept:", "Expect:"] {
      guard let longer = curl_slist_append(list, name) else {
        curl_slist_free_all(list)
        return nil
      }
      list = longer
    }
    return list
  }

  private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  /// Parses a URL for requests of this engine.
  ///
  /// - Parameters:
  ///   - timeout: how long a request may take, where that is shorter than what the settings say.
  ///   - clientCertificate: what its connections show to a receiver that asks. No connection is shared between
  ///     targets with different ones.
  public func makeTarget(
    url: WebhookURL, headers: [WebhookHeader] = [], timeout: Duration? = nil,
    clientCertificate: ClientCertificate? = nil
  ) throws(TransportError) -> HTTPTarget {
    let longest = context.pointee.settings.deliveryTimeout
    return try HTTPTarget(
      url: url, headers: headers, timeout: min(timeout ?? longest, longest),
      clientCertificate: clientCertificate,
      isForbidden: context.pointee.egress.verdict(for: url) == .denied)
  }

  /// Parses a URL as libcurl alone reads it, to see what the policy does about those that we refuse.
  package func makeTarget(unchecked text: String) throws(TransportError) -> HTTPTarget {
    try HTTPTarget(
      text: text, isSecure: text.hasPrefix("https:"), hasName: true,
      timeout: context.pointee.settings.deliveryTimeout)
  }

  /// Judges from now on by another policy, also connections that are open already.
  package func replacePolicy(_ egress: EgressPolicy) { context.pointee.egress = egress }

  /// Starts a request; it goes out with the next `turn()`.
  ///
  /// - Parameters:
  ///   - body: stays the caller's and unchanged until the result was collected.
  ///   - token: the caller's name for the request.
  ///   - head: writes the headers besides `Host`, `Content-Length` and `User-Agent`.
  public func start(
    _ target: HTTPTarget, body: UnsafeRawBufferPointer, token: Int,
    head: (inout HeaderWriter) -> Void
  ) throws(TransportError) {
    precondition(inFlight < capacity, "the caller keeps to the engine's capacity")
    let slot = try takeSlot()
    var writer = withUnsafeMutablePointer(to: &slot.pointee.head) { HeaderWriter($0) }
    target.opening.withUnsafeBytes { writer.append($0) }
    head(&writer)
    target.headers.withUnsafeBytes { writer.append($0) }
    userAgent.withUnsafeBytes { writer.append($0) }
    writer.finish()
    let handle = slot.pointee.handle
    let copied = sealpost_set_pointer(handle, CURLOPT_REQUEST_TARGET, slot.pointee.head.text)
    guard copied == CURLE_OK else {
      free.append(slot)
      throw .setUp("no memory for a request's head")
    }
    slot.pointee.reset()
    slot.pointee.token = token
    slot.pointee.isRunning = true
    if slot.pointee.target !== target {
      sealpost_set_pointer(handle, CURLOPT_CURLU, UnsafeRawPointer(target.handle))
      if slot.pointee.target?.timeout != target.timeout {
        sealpost_set_long(handle, CURLOPT_TIMEOUT_MS, target.timeout)
      }
      if slot.pointee.target?.clientCertificate != target.clientCertificate {
        slot.pointee.show(target.clientCertificate)
      }
      slot.pointee.target = target
    }
    sealpost_set_pointer(handle, CURLOPT_POSTFIELDS, body.baseAddress ?? UnsafeRawPointer(context))
    sealpost_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
    inFlight += 1
    if target.hasName { unresolved.append(slot) } else { add(slot) }
    addUnresolved()
  }

  /// Takes what the poller reported under one of the engine's tokens.
  public func socketReady(token: UInt64, events: Poller.Events) {
    let socket = curl_socket_t(bitPattern: UInt32(truncatingIfNeeded: token))
    guard context.pointee.sockets.isWatched(socket) else { return }
    var mask: CInt = 0
    if events.contains(.readable) { mask |= CURL_CSELECT_IN }
    if events.contains(.writable) { mask |= CURL_CSELECT_OUT }
    if !events.isDisjoint(with: .failed) { mask |= CURL_CSELECT_ERR }
    var running: CInt = 0
    curl_multi_socket_action(multi, socket, mask, &running)
  }

  /// For how long the poller may sleep on the engine's account; -1 for ever.
  public func timeoutMilliseconds() -> Int32 {
    guard let deadline = context.pointee.timerDeadline else { return -1 }
    return Int32(clamping: max(0, deadline - MonotonicTime.milliseconds()))
  }

  /// Sends what was started and does what is due.
  public func turn() {
    if let deadline = context.pointee.timerDeadline, deadline <= MonotonicTime.milliseconds() {
      context.pointee.timerDeadline = nil
      var running: CInt = 0
      curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running)
    }
    addUnresolved()
  }

  /// Hands over each request that has ended, and frees its slot.
  public func collect(_ body: (Int, AttemptResult) -> Void) {
    var left: CInt = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else {
        continue
      }
      let code = sealpost_message_result(message)
      var data: UnsafeMutableRawPointer?
      sealpost_get_pointer(handle, CURLINFO_PRIVATE, &data)
      guard let slot = data?.assumingMemoryBound(to: TransferSlot.self) else { continue }
      body(slot.pointee.token, slot.pointee.result(code))
      release(slot)
    }
  }

  /// Breaks off every request without a result.
  public func cancelAll() {
    for slot in slots where slot.pointee.isRunning { release(slot) }
    unresolved.removeAll()
  }

  private func add(_ slot: UnsafeMutablePointer<TransferSlot>) {
    curl_multi_add_handle(multi, slot.pointee.handle)
  }

  /// Starts requests whose names may be looked up now.
  private func addUnresolved() {
    while context.pointee.resolving < Self.resolvingLimit, let slot = unresolved.popFirst() {
      slot.pointee.isResolving = true
      context.pointee.resolving += 1
      add(slot)
    }
  }

  private func release(_ slot: UnsafeMutablePointer<TransferSlot>) {
    curl_multi_remove_handle(multi, slot.pointee.handle)
    slot.pointee.endResolving()
    slot.pointee.isRunning = false
    free.append(slot)
    inFlight -= 1
  }

  private func takeSlot() throws(TransportError) -> UnsafeMutablePointer<TransferSlot> {
    if let slot = free.popLast() { return slot }
    let slot = try TransferSlot.make(context: context, withheld: withheld)
    slots.append(slot)
    return slot
  }
}
