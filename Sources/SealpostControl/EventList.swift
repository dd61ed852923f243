import SealpostCore

/// The events of a call: one JSON object, or an array of them. Only where they begin and end is found here;
/// what is a valid event is the scanner's to say.
enum EventList {
  /// The bytes of each event.
  static func split(_ json: [UInt8], most: Int) throws -> [ArraySlice<UInt8>] {
    let trimmed = trim(json[...])
    guard trimmed.first == UInt8(ascii: "[") else { return [trimmed] }
    guard trimmed.last == UInt8(ascii: "]"), trimmed.count >= 2 else {
      throw ControlError.invalid("events", "not_json", "The array is not closed.")
    }
    var events: [ArraySlice<UInt8>] = []
    var start = trimmed.startIndex + 1
    let end = trimmed.endIndex - 1
    var depth = 0
    var isInText = false
    var isEscaped = false
    for index in start..<end {
      let byte = trimmed[index]
      if isInText {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInText = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInText = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: ",") where depth == 0:
        events.append(trim(trimmed[start..<index]))
        start = index + 1
        guard events.count < most else { throw tooMany(most) }
      default: break
      }
    }
    events.append(trim(trimmed[start..<end]))
    if events.count == 1, events[0].isEmpty {
      throw ControlError.invalid("events", "empty", "The array holds no event.")
    }
    return events
  }

  /// The event's own `id`, where it is one. A valid event's, so that the search can be simple.
  static func identity(of event: ArraySlice<UInt8>) throws(ControlError) -> String? {
    guard let id = JSONMember.text("id", of: event) else { return nil }
    guard EventID.isValid(id) else {
      throw .invalid("id", "bad_id", "It must be letters, digits, _ and -, at most 128.")
    }
    return id
  }

  private static func tooMany(_ most: Int) -> ControlError {
    .invalid("events", "too_many_events", "At most \(most) events may come in one call.")
  }

  private static func trim(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    func isSpace(_ byte: UInt8) -> Bool {
      byte == 0x20 || (0x09...0x0A).contains(byte) || byte == 0x0D
    }
    let front = bytes.drop(while: isSpace)
    guard let last = front.lastIndex(where: { !isSpace($0) }) else { return front }
    return front[...last]
  }
}
