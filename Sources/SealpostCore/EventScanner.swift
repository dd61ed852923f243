/// What a scan found in a body.
public struct ScannedEvent {
  /// The event's name, decoded: bytes of the body, or of the scanner where the JSON had escapes. Good
  /// until the next scan.
  public var name: UnsafeRawBufferPointer
  /// When the event happened.
  public var triggeredAt: Timestamp
}

/// Decides what is a valid event: one strict pass over the body, without copies.
///
/// JSON as RFC 8259 has it, and of what that leaves open: UTF-8 without a byte order mark, no lone
/// surrogates, no key twice in one object (compared decoded), a limited depth; numbers of any size.
/// Every way into the product asks this parser and no other. Confined to one thread; keeps its working
/// memory between scans.
public struct EventScanner: ~Copyable {
  /// How deep arrays and objects may be nested.
  public static let maximumDepth = 512

  private var keys: KeyTable
  private let containers: UnsafeMutablePointer<UInt32>
  private var name: DecodedText
  private var date: DecodedText

  /// Makes a scanner.
  ///
  /// - Parameter hashSeed: seeds the hash of keys, so that nobody can prepare keys that collide.
  public init(hashSeed: UInt64 = .random(in: .min ... .max)) {
    keys = KeyTable(seed: hashSeed)
    containers = .allocate(capacity: Self.maximumDepth + 1)
    name = DecodedText(capacity: EventName.maximumBytes)
    date = DecodedText(capacity: 64)
  }

  deinit { containers.deallocate() }

  /// Scans a body for a valid event.
  ///
  /// - Parameter allowsNotices: whether names kept for notices are accepted.
  public mutating func scan(_ body: UnsafeRawBufferPointer, allowsNotices: Bool = false)
    throws(EventFault) -> ScannedEvent
  {
    var fields = EventFields()
    try parse(body, &fields)
    guard fields.isObject else { throw .notObject }
    guard fields.event != .absent else { throw .missingEvent }
    guard case .string(let nameText) = fields.event, let decoded = name.decode(nameText, in: body),
      EventName.isValid(decoded)
    else { throw .badEventName }
    guard allowsNotices || !EventName.isReservedForNotices(decoded) else { throw .reservedName }
    guard fields.data != .absent else { throw .missingData }
    guard fields.data == .object else { throw .dataNotObject }
    guard fields.triggeredAt != .absent else { throw .missingTriggeredAt }
    guard case .string(let dateText) = fields.triggeredAt,
      let dateBytes = date.decode(dateText, in: body),
      let triggeredAt = Timestamp(iso8601: dateBytes)
    else { throw .badTriggeredAt }
    return ScannedEvent(name: decoded, triggeredAt: triggeredAt)
  }

  /// Checks that a body is JSON, whatever value it holds.
  public mutating func validate(_ body: UnsafeRawBufferPointer) throws(EventFault) {
    var fields = EventFields()
    try parse(body, &fields)
  }

  /// The walk: a value, then what may follow it, until the outermost value has ended. `containers`
  /// holds the number of each open object, and 0 for each open array.
  private mutating func parse(_ body: UnsafeRawBufferPointer, _ fields: inout EventFields)
    throws(EventFault)
  {
    var text = JSONText(body)
    var depth = 0
    var objects: UInt32 = 0
    keys.begin()
    if text.hasByteOrderMark { throw .byteOrderMark }
    text.skipWhitespace()
    if text.isAtEnd { throw .empty }
    var field = EventFields.Field.none
    while true {
      let kind = try text.value()
      if kind == .object || kind == .array {
        guard depth < Self.maximumDepth else { throw .tooDeep(limit: Self.maximumDepth) }
        if depth == 0 { fields.isObject = kind == .object }
        fields.note(field, kind, text.string)
        field = .none
        depth += 1
        text.skipWhitespace()
        if kind == .object {
          objects += 1
          containers[depth] = objects
          if !text.skip(UInt8(ascii: "}")) {
            field = try key(&text, object: objects, isOutermost: depth == 1)
            continue
          }
        } else {
          containers[depth] = 0
          if !text.skip(UInt8(ascii: "]")) { continue }
        }
        depth -= 1
      } else {
        fields.note(field, kind, text.string)
        field = .none
      }
      var hasNext = false
      while depth > 0, !hasNext {
        text.skipWhitespace()
        if text.skip(UInt8(ascii: ",")) {
          text.skipWhitespace()
          if containers[depth] > 0 {
            field = try key(&text, object: containers[depth], isOutermost: depth == 1)
          }
          hasNext = true
        } else {
          guard text.skip(containers[depth] > 0 ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
            throw .notJSON(offset: text.offset)
          }
          depth -= 1
        }
      }
      if !hasNext { break }
    }
    text.skipWhitespace()
    guard text.isAtEnd else { throw .notJSON(offset: text.offset) }
  }

  /// Reads a key and the colon behind it.
  private mutating func key(_ text: inout JSONText, object: UInt32, isOutermost: Bool)
    throws(EventFault) -> EventFields.Field
  {
    let start = text.offset
    try text.key()
    let key = text.string
    guard keys.insert(key, object: object, in: text.bytes) else {
      throw .duplicateKey(offset: start)
    }
    text.skipWhitespace()
    guard text.skip(UInt8(ascii: ":")) else { throw .notJSON(offset: text.offset) }
    text.skipWhitespace()
    return isOutermost ? EventFields.Field(key, in: text.bytes) : .none
  }
}

/// What a body says under the keys of an event.
private struct EventFields {
  enum Field { case none, event, data, triggeredAt }

  enum Value: Equatable {
    case absent
    case object
    case string(JSONText.StringRange)
    case other
  }

  var isObject = false
  var event = Value.absent
  var data = Value.absent
  var triggeredAt = Value.absent

  mutating func note(_ field: Field, _ kind: JSONText.Kind, _ string: JSONText.StringRange) {
    if field == .none { return }
    let value: Value =
      switch kind {
      case .object: .object
      case .string: .string(string)
      case .array, .other: .other
      }
    switch field {
    case .none: break
    case .event: event = value
    case .data: data = value
    case .triggeredAt: triggeredAt = value
    }
  }
}

extension EventFields.Field {
  /// The field that a key of the outermost object names.
  init(_ key: JSONText.StringRange, in body: UnsafeRawBufferPointer) {
    var iterator = JSONStringDecoder(key, in: body)
    if iterator.isEqual(to: "event") {
      self = .event
    } else if iterator.isEqual(to: "data") {
      self = .data
    } else if iterator.isEqual(to: "triggeredAt") {
      self = .triggeredAt
    } else {
      self = .none
    }
  }
}
