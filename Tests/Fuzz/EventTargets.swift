@testable import SealpostCore

/// The scanner says of each text what the reference says, and finds the same name in it.
func fuzzEvent(_ input: UnsafeRawBufferPointer) {
  let reference = ReferenceJSON.parse(input, depth: EventScanner.maximumDepth)
  for seed: UInt64 in [0, 0x9E37_79B9_7F4A_7C15] {
    var scanner = EventScanner(hashSeed: seed)
    let isJSON = (try? scanner.validate(input)) != nil
    expect(isJSON == (reference != nil), "the scanner and the reference agree on what is JSON")
    guard let event = try? scanner.scan(input, allowsNotices: true) else { continue }
    guard case .object(let members) = reference,
      case .string(let name) = members[Array("event".utf8)],
      case .object = members[Array("data".utf8)],
      case .string(let date) = members[Array("triggeredAt".utf8)]
    else { return expect(false, "a valid event has its three members") }
    expect(event.name.elementsEqual(name), "the scanner and the reference agree on the name")
    expect(EventName.isValid(event.name), "an event's name is valid")
    let time = date.withUnsafeBytes { Timestamp(iso8601: $0) }
    expect(time == event.triggeredAt, "the scanner and the reference agree on the time")
  }
}

/// A string that the cursor accepts decodes to what the reference decodes it to.
func fuzzJSONString(_ input: UnsafeRawBufferPointer) {
  let quoted = [UInt8(ascii: "\"")] + Array(input) + [UInt8(ascii: "\"")]
  quoted.withUnsafeBytes { bytes in
    let reference = ReferenceJSON.parse(bytes, depth: 1)
    var text = JSONText(bytes)
    let isString = (try? text.key()) != nil && text.isAtEnd
    guard case .string(let decoded) = reference else {
      return expect(!isString, "the cursor accepts no string that the reference refuses")
    }
    expect(isString, "the cursor accepts what the reference accepts")
    var decoder = JSONStringDecoder(text.string, in: bytes)
    var own: [UInt8] = []
    while let byte = decoder.next() { own.append(byte) }
    expect(own == decoded, "both decode it to the same bytes")
  }
}

/// A time that is read prints as one that is read as the same millisecond.
func fuzzTimestamp(_ input: UnsafeRawBufferPointer) {
  guard let time = Timestamp(iso8601: input) else { return }
  // An offset can move the first and the last day out of the years that can be read.
  guard let year = Int(time.iso8601.prefix(4)), (1678...2261).contains(year) else { return }
  guard let again = Timestamp(iso8601: time.iso8601) else {
    return expect(false, "\(time.iso8601) can be read")
  }
  let cut = time - again
  expect(cut >= .zero && cut < .milliseconds(1), "\(time.iso8601) is the time that was read")
}

/// No wait is negative or over the limit, and white space in front changes nothing.
func fuzzRetryAfter(_ input: UnsafeRawBufferPointer) {
  let now = Timestamp(seconds: 1_769_860_800)
  let wait = RetryAfter.parse(input, now: now)
  if let wait { expect(wait >= .zero && wait <= RetryAfter.maximum, "\(wait) is a wait") }
  guard input.count < 64 else { return }
  ([UInt8(ascii: " ")] + Array(input)).withUnsafeBytes {
    expect(RetryAfter.parse($0, now: now) == wait, "white space in front changes nothing")
  }
}

/// A pattern prints as what it was read from, and matches as it says.
func fuzzPattern(_ input: UnsafeRawBufferPointer) {
  guard let text = text(input), let pattern = try? EventPattern(parsing: text) else { return }
  expect(pattern.text == text, "a pattern prints as it was written")
  expect((try? EventPattern(parsing: pattern.text)) == pattern, "what it prints reads as itself")
  switch pattern {
  case .all: expect(pattern.matches("a.b"), "* matches an event")
  case .prefix(let prefix): expect(pattern.matches(prefix + "x"), "a prefix matches what begins so")
  case .name(let name): expect(pattern.matches(name), "a name matches itself")
  }
}
