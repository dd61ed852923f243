/// The `Retry-After` field of an answer (RFC 9110, section 10.2.3).
public enum RetryAfter {
  /// The longest wait that is granted.
  public static let maximum = Duration.seconds(86400)

  /// How long the receiver asks to wait: seconds, or a date in any of the three forms of RFC 9110,
  /// section 5.6.7. Dates in the past are no wait; junk is nil; more than a day is a day.
  public static func parse(_ value: UnsafeRawBufferPointer, now: Timestamp) -> Duration? {
    guard value.count <= 64, value.allSatisfy({ $0 < 0x80 }) else { return nil }
    let text = String(decoding: value, as: UTF8.self)
    let trimmed = text.drop { $0 == " " || $0 == "\t" }
    let words = trimmed.split { $0 == " " || $0 == "\t" }
    if words.count == 1, words[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      guard let seconds = Int64(words[0]) else { return maximum }
      return min(.seconds(seconds), maximum)
    }
    guard let date = date(words, now: now) else { return nil }
    return min(max(.zero, date - now), maximum)
  }

  private static func date(_ words: [Substring], now: Timestamp) -> Timestamp? {
    switch words.count {
    case 6 where words[5] == "GMT":  // Sun, 06 Nov 1994 08:49:37 GMT
      return timestamp(year: number(words[3], 4), words[2], number(words[1], 2), words[4])
    case 4 where words[3] == "GMT":  // Sunday, 06-Nov-94 08:49:37 GMT
      let parts = words[1].split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 3, let short = number(parts[2], 2) else { return nil }
      let thisYear = CivilDate(daysSinceEpoch: Int(now.seconds / 86400)).year
      var year = thisYear / 100 * 100 + short
      if year > thisYear + 50 { year -= 100 }
      return timestamp(year: year, parts[1], number(parts[0], 2), words[2])
    case 5:  // Sun Nov  6 08:49:37 1994
      return timestamp(
        year: number(words[4], 4), words[1], number(words[2], words[2].count), words[3])
    default: return nil
    }
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private static func timestamp(
    year: Int?, _ monthName: Substring, _ day: Int?, _ time: Substring
  ) -> Timestamp? {
    let clock = time.split(separator: ":", omittingEmptySubsequences: false)
    guard let year, let day, clock.count == 3, let hour = number(clock[0], 2),
      let minute = number(clock[1], 2), let second = number(clock[2], 2),
      let month = months.firstIndex(where: { $0 == monthName }), hour < 24, minute < 60,
      second <= 60, let date = CivilDate(year: year, month: month + 1, day: day)
    else { return nil }
    return Timestamp(
      seconds: Int64(date.daysSinceEpoch * 86400 + hour * 3600 + minute * 60 + second))
  }

  private static func number(_ text: Substring, _ digits: Int) -> Int? {
    guard text.utf8.count == digits, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int(text)
  }
}
