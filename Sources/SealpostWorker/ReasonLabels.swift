import SealpostCore

/// The values of the label `reason` for attempts, by small numbers: counters of them are an array.
///
/// A receiver chooses its status codes, so those that nobody registered count by their class: else it could
/// make a thousand series (RFC 9110, section 15, and the HTTP Status Code Registry).
enum ReasonLabels {
  private static let registered: [Int] =
    Array(100...104) + Array(200...208) + [226] + Array(300...308) + Array(400...418)
    + Array(421...426) + [428, 429, 431, 451] + Array(500...508) + [510, 511]
  /// The reason of what waited in the backlog for too long, which made no attempt.
  static let expired = "expired"

  /// The values.
  static let texts: [String] =
    registered.map { AttemptReason.http($0).id }
    + ["http_1xx", "http_2xx", "http_3xx", "http_4xx", "http_5xx", "http_other"]
    + others.map(\.id)

  private static let others = (1000...1999).compactMap { AttemptReason(code: $0) }

  private static let numbers: [UInt8] = {
    var numbers = [UInt8](repeating: UInt8(texts.firstIndex(of: "http_other") ?? 0), count: 2000)
    for code in 100...599 {
      let number =
        texts.firstIndex(of: "http_\(code)") ?? texts.firstIndex(of: "http_\(code / 100)xx")
      numbers[code] = UInt8(number ?? 0)
    }
    for reason in others { numbers[reason.code] = UInt8(texts.firstIndex(of: reason.id) ?? 0) }
    return numbers
  }()

  /// The number of a reason, or where there is none of a status code.
  static func number(of reason: AttemptReason?, status: Int) -> Int {
    let code = reason?.code ?? status
    return Int(numbers[numbers.indices.contains(code) ? code : 0])
  }
}
