/// Why a message is no valid event. Such a message is rejected: kept with its bytes and this reason.
public enum EventFault: Error, Hashable, Sendable {
  /// The body has no bytes but white space.
  case empty
  /// The body begins with a byte order mark.
  case byteOrderMark
  /// The body is not JSON (RFC 8259) at this byte.
  case notJSON(offset: Int)
  /// The body is not UTF-8 (RFC 3629) at this byte.
  case badUTF8(offset: Int)
  /// A `\u` escape at this byte is half of a surrogate pair.
  case loneSurrogate(offset: Int)
  /// The key at this byte stands in its object twice.
  case duplicateKey(offset: Int)
  /// Arrays and objects are nested deeper than the limit.
  case tooDeep(limit: Int)
  /// The body is JSON, but no object.
  case notObject
  /// There is no `event`.
  case missingEvent
  /// `event` is not a string of the allowed form.
  case badEventName
  /// `event` is a name kept for notices.
  case reservedName
  /// There is no `data`.
  case missingData
  /// `data` is not an object.
  case dataNotObject
  /// There is no `triggeredAt`.
  case missingTriggeredAt
  /// `triggeredAt` is not an ISO 8601 string.
  case badTriggeredAt
  /// The body is larger than the limit, both in bytes.
  case tooLarge(bytes: Int, limit: Int)
  /// The content type is not JSON.
  case contentType
  /// A content encoding is set.
  case contentEncoding
  /// The `account` header is not an account's name.
  case badAccount
  /// A message among the retries does not say what it is a retry of.
  case badRetryHeaders(String)
  /// A retry names a webhook that the store has never had.
  case unknownWebhook
  /// The worker that tried this message alone died.
  case crashedWorker

  /// Every kind of fault. The raw value is the stable text id, also the metric label.
  public enum Kind: String, Sendable, CaseIterable {
    case empty
    case byteOrderMark = "byte_order_mark"
    case notJSON = "not_json"
    case badUTF8 = "bad_utf8"
    case loneSurrogate = "lone_surrogate"
    case duplicateKey = "duplicate_key"
    case tooDeep = "too_deep"
    case notObject = "not_object"
    case missingEvent = "missing_event"
    case badEventName = "bad_event_name"
    case reservedName = "reserved_name"
    case missingData = "missing_data"
    case dataNotObject = "data_not_object"
    case missingTriggeredAt = "missing_triggered_at"
    case badTriggeredAt = "bad_triggered_at"
    case tooLarge = "too_large"
    case contentType = "content_type"
    case contentEncoding = "content_encoding"
    case badAccount = "bad_account"
    case badRetryHeaders = "bad_retry_headers"
    case unknownWebhook = "unknown_webhook"
    case crashedWorker = "crashed_worker"
  }

  /// The stable text id.
  public var id: String { kind.rawValue }

  /// What kind of fault it is.
  public var kind: Kind {
    switch self {
    case .empty: .empty
    case .byteOrderMark: .byteOrderMark
    case .notJSON: .notJSON
    case .badUTF8: .badUTF8
    case .loneSurrogate: .loneSurrogate
    case .duplicateKey: .duplicateKey
    case .tooDeep: .tooDeep
    case .notObject: .notObject
    case .missingEvent: .missingEvent
    case .badEventName: .badEventName
    case .reservedName: .reservedName
    case .missingData: .missingData
    case .dataNotObject: .dataNotObject
    case .missingTriggeredAt: .missingTriggeredAt
    case .badTriggeredAt: .badTriggeredAt
    case .tooLarge: .tooLarge
    case .contentType: .contentType
    case .contentEncoding: .contentEncoding
    case .badAccount: .badAccount
    case .badRetryHeaders: .badRetryHeaders
    case .unknownWebhook: .unknownWebhook
    case .crashedWorker: .crashedWorker
    }
  }

  /// What is wrong and how to mend it, for people.
  public var sentence: String {
    switch self {
    case .empty: "The body is empty: publish a JSON object with event, data and triggeredAt."
    case .byteOrderMark:
      "The body begins with a byte order mark: publish UTF-8 without one (RFC 8259, section 8.1)."
    case .notJSON(let offset): "The body is not JSON: byte \(offset) cannot stand there (RFC 8259)."
    case .badUTF8(let offset):
      "The body is not UTF-8: byte \(offset) cannot stand there (RFC 3629)."
    case .loneSurrogate(let offset):
      "The escape at byte \(offset) is half of a surrogate pair: escape both halves."
    case .duplicateKey(let offset):
      "The key at byte \(offset) stands in its object already: publish each key once."
    case .tooDeep(let limit):
      "Arrays and objects are nested over \(limit) deep: publish flatter data."
    case .notObject: "The body is no JSON object: publish {\"event\", \"data\", \"triggeredAt\"}."
    case .missingEvent: "The key event is missing: name the event, such as license.created."
    case .badEventName:
      "event is no event name: words of letters, digits, _ and - with dots between, at most 128 bytes."
    case .reservedName:
      "Names that begin with webhook. or delivery. are kept for Sealpost's notices."
    case .missingData:
      "The key data is missing: publish an object, {} where there is nothing to say."
    case .dataNotObject: "data is not an object: wrap it in one."
    case .missingTriggeredAt:
      "The key triggeredAt is missing: say when it happened, such as 2026-01-31T12:00:00Z."
    case .badTriggeredAt:
      "triggeredAt is no ISO 8601 date and time, such as 2026-01-31T12:00:00.123Z."
    case .tooLarge(let bytes, let limit):
      "The body has \(bytes) bytes and the limit is \(limit): publish less, or raise SEALPOST_MAX_EVENT_BYTES."
    case .contentType: "The content type is not application/json: publish JSON and say so."
    case .contentEncoding: "A content encoding is set: publish the JSON itself, not compressed."
    case .badAccount:
      "The header account is no account name: a string of letters, digits, _ . : @ and -, at most 128 bytes."
    case .badRetryHeaders(let what): "The headers do not say what this is a retry of: \(what)."
    case .unknownWebhook: "The retry is of a webhook that the store has never had."
    case .crashedWorker: "The worker that tried this message alone died while it did."
    }
  }
}
