import Glibc

extension Timestamp {
  /// The system's clock now.
  public static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  /// Reads an ISO 8601 date and time as RFC 3339 profiles it: `2026-01-31T23:59:59.123456789Z`, with up
  /// to nine fraction digits and `Z` or an offset. Nil for anything else, dates that do not exist, and
  /// years before 1678 or after 2261, which nanoseconds in 64 bits cannot hold.
  public init?(iso8601 text: UnsafeRawBufferPointer) {
    var reader = DateReader(text)
    guard let year = reader.number(digits: 4), reader.skip("-"),
      let month = reader.number(digits: 2), reader.skip("-"),
      let day = reader.number(digits: 2), reader.skip("T") || reader.skip("t"),
      let hour = reader.number(digits: 2), reader.skip(":"),
      let minute = reader.number(digits: 2), reader.skip(":"),
      let second = reader.number(digits: 2),
      let date = CivilDate(year: year, month: month, day: day),
      (1678...2261).contains(year), hour < 24, minute < 60, second <= 60
    else { return nil }
    var fraction = 0
    if reader.skip(".") {
      guard let read = reader.fraction() else { return nil }
      fraction = read
    }
    guard let offset = reader.offset(), reader.isAtEnd else { return nil }
    let seconds = date.daysSinceEpoch * 86400 + hour * 3600 + minute * 60 + second - offset
    self.init(nanoseconds: Int64(seconds) * 1_000_000_000 + Int64(fraction))
  }

  /// Reads ISO 8601 text; see the initializer for bytes.
  public init?(iso8601 text: String) {
    var text = text
    guard let read = text.withUTF8({ Timestamp(iso8601: UnsafeRawBufferPointer($0)) }) else {
      return nil
    }
    self = read
  }

  /// ISO 8601 in UTC with milliseconds: `2026-01-31T23:59:59.123Z`.
  public var iso8601: String {
    let seconds = seconds
    let days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400
    let date = CivilDate(daysSinceEpoch: Int(days))
    let time = Int(seconds - days * 86400)
    let milliseconds = Int((nanoseconds - seconds * 1_000_000_000) / 1_000_000)
    return padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2) + "T"
      + padded(time / 3600, 2) + ":" + padded(time / 60 % 60, 2) + ":" + padded(time % 60, 2) + "."
      + padded(milliseconds, 3) + "Z"
  }
}

private func padded(_ number: Int, _ width: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// Walks over the bytes of a date.
private struct DateReader {
  private let text: UnsafeRawBufferPointer
  private var index = 0

  init(_ text: UnsafeRawBufferPointer) { self.text = text }

  var isAtEnd: Bool { index == text.count }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard index < text.count, text[index] == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  mutating func number(digits: Int) -> Int? {
    guard index + digits <= text.count else { return nil }
    var value = 0
    for _ in 0..<digits {
      guard let digit = digit() else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  /// One to nine digits as nanoseconds.
  mutating func fraction() -> Int? {
    var value = 0
    var count = 0
    while let digit = digit() {
      count += 1
      guard count <= 9 else { return nil }
      value = value * 10 + digit
    }
    guard count > 0 else { return nil }
    for _ in count..<9 { value *= 10 }
    return value
  }

  /// `Z` or `±hh:mm`, in seconds.
  mutating func offset() -> Int? {
    if skip("Z") || skip("z") { return 0 }
    let sign = skip("+") ? 1 : (skip("-") ? -1 : 0)
    guard sign != 0, let hours = number(digits: 2), skip(":"), let minutes = number(digits: 2),
      hours < 24, minutes < 60
    else { return nil }
    return sign * (hours * 3600 + minutes * 60)
  }

  private mutating func digit() -> Int? {
    guard index < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[index]) else {
      return nil
    }
    defer { index += 1 }
    return Int(text[index] - UInt8(ascii: "0"))
  }
}
