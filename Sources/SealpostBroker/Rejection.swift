/// Why a message was set aside, as its headers say.
public struct Rejection {
  /// The header with the reason's stable text.
  public static let reasonHeader = "sealpost-rejected-reason"
  /// The header with a sentence for people.
  public static let detailHeader = "sealpost-rejected-detail"

  /// The stable text of the reason.
  public var reason: String
  /// What is wrong, for people.
  public var detail: String
}

extension BrokerMessage {
  /// Why the message was set aside; nil where it says nothing.
  public var rejection: Rejection? {
    var found = Rejection(reason: "", detail: "")
    AMQPProperties(properties).forEachHeader { field in
      let text = field.text.map { String(decoding: $0, as: UTF8.self) } ?? ""
      if field.name(is: Rejection.reasonHeader) { found.reason = text }
      if field.name(is: Rejection.detailHeader) { found.detail = text }
    }
    return found.reason.isEmpty ? nil : found
  }
}
