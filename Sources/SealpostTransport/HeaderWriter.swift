internal import CCurl
import Glibc

/// Writes the head of a request straight into its slot: header lines with CRLF between them, the first
/// of them `Content-Type`. Whoever writes vouches that no value holds CR or LF.
///
/// libcurl sends a list of headers node by node; one node whose text is all of them, overwritten in
/// place for each request, saves it most of that work.
public struct HeaderWriter: ~Copyable {
  private let block: UnsafeMutablePointer<HeaderBlock>

  init(_ block: UnsafeMutablePointer<HeaderBlock>) {
    self.block = block
    block.pointee.count = 0
  }

  /// Adds constant text.
  public mutating func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Adds text.
  public mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  /// Adds bytes.
  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress else { return }
    block.pointee.reserve(bytes.count)
    memcpy(block.pointee.text + block.pointee.count, source, bytes.count)
    block.pointee.count += bytes.count
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
    block.pointee.reserve(1)
    block.pointee.text[block.pointee.count] = 0
  }
}

/// The text of a slot's headers and the list node that hands it to libcurl.
struct HeaderBlock {
  private(set) var text: UnsafeMutablePointer<CChar>
  var count = 0
  let list: UnsafeMutablePointer<curl_slist>
  private var capacity = 1024

  /// - Parameter next: a node that every request has besides.
  init(next: UnsafeMutablePointer<curl_slist>?) {
    text = .allocate(capacity: capacity)
    list = .allocate(capacity: 1)
    list.initialize(to: curl_slist(data: text, next: next))
  }

  mutating func reserve(_ more: Int) {
    guard count + more > capacity else { return }
    while count + more > capacity { capacity *= 2 }
    let larger = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
    memcpy(larger, text, count)
    text.deallocate()
    text = larger
    list.pointee.data = larger
  }

  func free() {
    text.deallocate()
    list.deallocate()
  }
}
