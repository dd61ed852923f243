import Glibc
public import SealpostCore

/// A message that the broker delivered, in one block of memory that whoever holds the message owns: its
/// pointers are good until `free()`.
public struct BrokerMessage {
  /// The tag that acknowledges it, on the channel that delivered it.
  public let tag: UInt64
  /// Which of the consumer's queues it came from.
  public let queue: Int
  /// Whether it was delivered before.
  public let redelivered: Bool
  /// How often it came back to its queue (`x-delivery-count`), 0 where nobody counts.
  public let deliveryCount: Int64
  /// The exchange it was published to last.
  public let exchange: UnsafeRawBufferPointer
  /// The body.
  public let body: UnsafeRawBufferPointer
  /// The properties as they were encoded.
  public let properties: UnsafeRawBufferPointer
  /// The property `message_id`.
  public let messageID: UnsafeRawBufferPointer?
  /// The property `content_type`.
  public let contentType: UnsafeRawBufferPointer?
  /// The property `content_encoding`.
  public let contentEncoding: UnsafeRawBufferPointer?
  /// The header `account`.
  public let account: HeaderText
  /// The header `traceparent`, where it is text.
  public let traceparent: UnsafeRawBufferPointer?
  /// The header `about` of a notice: the public identity of its webhook.
  public let about: UnsafeRawBufferPointer?
  /// Whether the same message may be on its way a second time.
  public let copy: RetryHeaders.Copy
  /// The headers of a retry.
  public let retry: RetryHeaders.Reading
  /// When it was published, or came off the ladder; nil where nobody says.
  public let queuedAt: Timestamp?

  /// The header that names the webhook that a notice is about.
  public static let aboutHeader = "about"

  /// The header that says when a message was published by Sealpost, or is to leave the ladder.
  private static let queuedAtName = "sealpost-queued-at"
  /// The header that a broker adds where it is told to (message interceptors), in milliseconds.
  private static let brokerTimeName = "timestamp_in_ms"

  /// The header that says when a message was published, or is to leave the ladder.
  public static func queuedAtHeader(_ time: Timestamp) -> (key: String, value: HeaderValue) {
    (queuedAtName, .int(time.nanoseconds))
  }

  private let block: UnsafeMutableRawPointer

  /// Gives the memory back. Exactly once.
  public func free() { Glibc.free(block) }

  init(_ assembly: MessageAssembly) {
    tag = assembly.tag
    queue = assembly.queue
    redelivered = assembly.redelivered
    block = assembly.block
    exchange = UnsafeRawBufferPointer(start: block, count: assembly.exchangeBytes)
    properties = UnsafeRawBufferPointer(
      start: block + assembly.exchangeBytes, count: assembly.propertyBytes)
    body = UnsafeRawBufferPointer(
      start: block + assembly.exchangeBytes + assembly.propertyBytes, count: assembly.bodyBytes)
    let read = AMQPProperties(properties)
    messageID = read.messageID
    contentType = read.contentType
    contentEncoding = read.contentEncoding
    var account = HeaderText.absent
    var traceparent: UnsafeRawBufferPointer?
    var about: UnsafeRawBufferPointer?
    var deliveryCount: Int64 = 0
    var copy = RetryHeaders.Copy.none
    var queuedAt = read.timestamp.flatMap { Self.time($0, stepsPerSecond: 1) }
    var isOurTime = false
    var retryFields: [AMQPField] = []
    read.forEachHeader { field in
      if field.name(is: "account") {
        account = field.text.map { .text($0) } ?? .wrongType
      } else if field.name(is: "traceparent") {
        traceparent = field.text
      } else if field.name(is: Self.aboutHeader) {
        about = field.text
      } else if field.name(is: "x-delivery-count") {
        deliveryCount = max(0, field.integer ?? 0)
      } else if field.name.starts(with: RetryHeaders.Name.prefix.utf8) {
        if field.name(is: Self.queuedAtName) {
          queuedAt = field.integer.flatMap { Self.time($0, stepsPerSecond: 1_000_000_000) }
          isOurTime = true
          return
        }
        retryFields.append(field)
        if field.name(is: RetryHeaders.Name.copy) {
          copy = field.integer.flatMap { RetryHeaders.Copy(rawValue: $0) } ?? .none
        }
      } else if field.name(is: Self.brokerTimeName), !isOurTime {
        queuedAt = field.integer.flatMap { Self.time($0, stepsPerSecond: 1000) } ?? queuedAt
      }
    }
    self.account = account
    self.traceparent = traceparent
    self.about = about
    self.deliveryCount = deliveryCount
    self.copy = copy
    self.queuedAt = queuedAt
    retry = retryFields.isEmpty ? .absent : RetryHeaders.read(retryFields)
  }

  /// A time that somebody wrote into a message; nil where it cannot be one.
  private static func time(_ number: Int64, stepsPerSecond: Int64) -> Timestamp? {
    let (nanoseconds, overflow) = number.multipliedReportingOverflow(
      by: 1_000_000_000 / stepsPerSecond)
    return number > 0 && !overflow ? Timestamp(nanoseconds: nanoseconds) : nil
  }
}
