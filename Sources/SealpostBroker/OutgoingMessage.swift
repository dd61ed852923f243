/// A message to publish: persistent, and its body the caller's until the publish is confirmed.
public struct OutgoingMessage {
  /// The exchange; empty for the default one.
  public var exchange: String
  /// The routing key.
  public var routingKey: String
  /// The body.
  public var body: UnsafeRawBufferPointer
  /// The property `message_id`.
  public var messageID: UnsafeRawBufferPointer?
  /// The encoded properties of the message that this one goes on from: headers that are not replaced and
  /// not the broker's own are kept.
  public var keptProperties: UnsafeRawBufferPointer?
  /// The headers to set.
  public var headers: [(key: String, value: HeaderValue)]
  /// The property `content_type`; nil keeps the old one.
  public var contentType: String?

  /// Makes a message from its parts.
  public init(
    exchange: String, routingKey: String, body: UnsafeRawBufferPointer,
    messageID: UnsafeRawBufferPointer? = nil, keptProperties: UnsafeRawBufferPointer? = nil,
    headers: [(key: String, value: HeaderValue)] = [], contentType: String? = "application/json"
  ) {
    self.exchange = exchange
    self.routingKey = routingKey
    self.body = body
    self.messageID = messageID
    self.keptProperties = keptProperties
    self.headers = headers
    self.contentType = contentType
  }
}
