internal import CCurl
import Glibc
import SealpostCore

/// One libcurl handle and everything about the request that it carries: plain memory that the C
/// callbacks reach by its address, which never changes.
struct TransferSlot {
  let handle: UnsafeMutableRawPointer
  let context: UnsafeMutablePointer<EngineContext>
  /// libcurl's words for what went wrong (CURLOPT_ERRORBUFFER). Never shown: they may name a proxy.
  let errorText: UnsafeMutablePointer<CChar>
  var head = RequestHead()
  /// The target of the last request. Held beyond its end, because the handle keeps its URL.
  var target: HTTPTarget?
  /// The caller's name for the request.
  var token = -1
  var isRunning = false
  /// Whether a look-up of its name may be under way.
  var isResolving = false

  // The answer.
  var status = 0
  var headBytes = 0
  var bodyBytes = 0
  var isHeadComplete = false
  var isHeadTooLarge = false
  var isBodyTooLarge = false
  var wasDenied = false
  var wasDialed = false
  var hasBegun = false
  var headExcerpt: Excerpt
  var bodyExcerpt: Excerpt
  var retryAfter: Range<Int>?

  /// Forgets the last answer.
  mutating func reset() {
    status = 0
    headBytes = 0
    bodyBytes = 0
    isHeadComplete = false
    isHeadTooLarge = false
    isBodyTooLarge = false
    wasDenied = false
    wasDialed = false
    hasBegun = false
    headExcerpt.count = 0
    bodyExcerpt.count = 0
    retryAfter = nil
  }

  /// Notes that the name of the host is known, or will not be.
  mutating func endResolving() {
    guard isResolving else { return }
    isResolving = false
    context.pointee.resolving -= 1
  }

  /// Takes one line of the head; false stops the transfer.
  mutating func receive(headLine line: UnsafeRawBufferPointer) -> Bool {
    if line.count > 5, memcmp(line.baseAddress!, "HTTP/", 5) == 0 {
      // Another answer begins: the last one was an interim one.
      status = Self.status(line)
      isHeadComplete = false
      headExcerpt.count = 0
      retryAfter = nil
    }
    headBytes += line.count
    guard headBytes <= context.pointee.settings.maximumHeadBytes else {
      isHeadTooLarge = true
      return false
    }
    if line.count <= 2 {
      isHeadComplete = status >= 200
      return true
    }
    guard !(200...299).contains(status) else { return true }
    let start = headExcerpt.count
    headExcerpt.append(line)
    if headExcerpt.count == start + line.count, let value = Self.value(of: "retry-after:", in: line)
    {
      retryAfter = start + value.lowerBound..<start + value.upperBound
    }
    return true
  }

  /// Takes a piece of the body; false stops the transfer.
  mutating func receive(body: UnsafeRawBufferPointer) -> Bool {
    bodyBytes += body.count
    if !(200...299).contains(status) { bodyExcerpt.append(body) }
    isBodyTooLarge = bodyBytes > context.pointee.settings.maximumBodyBytes
    return !isBodyTooLarge
  }

  /// The status code of a status line (RFC 9112, section 4), 0 where it has none.
  private static func status(_ line: UnsafeRawBufferPointer) -> Int {
    guard let space = line.firstIndex(of: UInt8(ascii: " ")), space + 4 <= line.count else {
      return 0
    }
    return line[space + 1..<space + 4].reduce(0) { $0 * 10 + Int($1 &- UInt8(ascii: "0")) }
  }

  /// Where the value of a field stands in its line.
  private static func value(of name: StaticString, in line: UnsafeRawBufferPointer) -> Range<Int>? {
    let count = name.utf8CodeUnitCount
    guard line.count > count,
      strncasecmp(line.baseAddress!, name.utf8Start, count) == 0
    else { return nil }
    var range = count..<line.count
    while let last = range.last, line[last] <= 0x20 { range.removeLast() }
    while let first = range.first, line[first] <= 0x20 { range.removeFirst() }
    return range
  }
}

extension Range<Int> {
  fileprivate mutating func removeLast() { self = lowerBound..<upperBound - 1 }
  fileprivate mutating func removeFirst() { self = lowerBound + 1..<upperBound }
}

/// The beginning of something that may be long. Its memory is made when it is first needed.
struct Excerpt {
  let limit: Int
  var count = 0
  private var memory: UnsafeMutableRawPointer?

  init(limit: Int) { self.limit = limit }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

  mutating func append(_ more: UnsafeRawBufferPointer) {
    let taken = min(more.count, limit - count)
    guard taken > 0, let source = more.baseAddress else { return }
    let memory = memory ?? .allocate(byteCount: limit, alignment: 1)
    self.memory = memory
    memcpy(memory + count, source, taken)
    count += taken
  }

  func free() { memory?.deallocate() }
}
