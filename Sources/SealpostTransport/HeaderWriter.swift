import Glibc

/// Writes headers straight into the head of a slot's request: lines with CRLF between them. Whoever writes
/// vouches that no value holds CR, LF or NUL.
public struct HeaderWriter: ~Copyable {
  private let head: UnsafeMutablePointer<RequestHead>

  init(_ head: UnsafeMutablePointer<RequestHead>) {
    self.head = head
    head.pointee.count = 0
  }

  /// Adds constant text.
  public mutating func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Adds bytes.
  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress else { return }
    head.pointee.reserve(bytes.count)
    memcpy(head.pointee.text + head.pointee.count, source, bytes.count)
    head.pointee.count += bytes.count
  }

  /// Adds a number that is not negative.
  public mutating func append(decimal number: Int64) {
    withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
      var index = digits.count
      var rest = UInt64(max(0, number))
      repeat {
        index -= 1
        digits[index] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
      } while rest > 0
      append(UnsafeRawBufferPointer(rebasing: digits[index...]))
    }
  }

  /// Ends the text.
  consuming func finish() {
    head.pointee.reserve(1)
    head.pointee.text[head.pointee.count] = 0
  }
}

/// The head of a request, from its target to its `User-Agent`, overwritten in place for each.
///
/// libcurl gets all of it as the request's target, which it copies "verbatim ... without any filter or other
/// safe guards" (CURLOPT_REQUEST_TARGET(3) of libcurl 8); headers of a list it formats byte by byte, which
/// takes a tenth of all that a delivery costs. What follows the head is libcurl's own: the version that ends
/// a request line, which so is the last word of `User-Agent`, and `Content-Length`.
struct RequestHead {
  private(set) var text: UnsafeMutablePointer<CChar>
  var count = 0
  private var capacity = 1024

  init() { text = .allocate(capacity: capacity) }

  mutating func reserve(_ more: Int) {
    guard count + more > capacity else { return }
    while count + more > capacity { capacity *= 2 }
    let larger = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
    memcpy(larger, text, count)
    text.deallocate()
    text = larger
  }

  func free() { text.deallocate() }
}
