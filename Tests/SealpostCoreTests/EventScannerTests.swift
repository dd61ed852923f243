import Foundation
import SealpostCore
import Testing

@Suite struct EventScannerTests {
  static let valid = #"{"event":"license.created","data":{},"triggeredAt":"2026-01-31T12:00:00Z"}"#

  private func fault(_ text: String, allowsNotices: Bool = false) -> EventFault? {
    var scanner = EventScanner()
    return Array(text.utf8).withUnsafeBytes { body -> EventFault? in
      do throws(EventFault) {
        _ = try scanner.scan(body, allowsNotices: allowsNotices)
        return nil
      } catch {
        return error
      }
    }
  }

  @Test func findsNameAndTime() throws {
    var scanner = EventScanner()
    let body = Array(
      #" {"z":[1,{"event":"no"}],"triggeredAt":"2026-01-31T12:00:00.5Z","data":{"a":"é😀"},"event":"a.b-c_D"} "#
        .utf8)
    try body.withUnsafeBytes { bytes in
      let event = try scanner.scan(bytes)
      #expect(String(decoding: event.name, as: UTF8.self) == "a.b-c_D")
      #expect(event.triggeredAt.iso8601 == "2026-01-31T12:00:00.500Z")
    }
  }

  @Test func decodesEscapesInNames() throws {
    var scanner = EventScanner()
    let body = Array(
      #"{"\u0065vent":"license\u002ecreated","data":{},"triggeredAt":"2026-01-31T12:00:00\u005a"}"#
        .utf8)
    try body.withUnsafeBytes { bytes in
      let name = try scanner.scan(bytes).name
      #expect(String(decoding: name, as: UTF8.self) == "license.created")
    }
  }

  @Test(arguments: [
    ("", EventFault.empty), (" \n", .empty), ("[]", .notObject), ("{}", .missingEvent),
    (#"{"event":1,"data":{},"triggeredAt":"2026-01-31T12:00:00Z"}"#, .badEventName),
    (#"{"event":"a..b","data":{},"triggeredAt":"2026-01-31T12:00:00Z"}"#, .badEventName),
    (#"{"event":"webhook.gone","data":{},"triggeredAt":"2026-01-31T12:00:00Z"}"#, .reservedName),
    (#"{"event":"a","triggeredAt":"2026-01-31T12:00:00Z"}"#, .missingData),
    (#"{"event":"a","data":[],"triggeredAt":"2026-01-31T12:00:00Z"}"#, .dataNotObject),
    (#"{"event":"a","data":{}}"#, .missingTriggeredAt),
    (#"{"event":"a","data":{},"triggeredAt":"yesterday"}"#, .badTriggeredAt),
    (#"{"event":"a","data":{},"triggeredAt":17}"#, .badTriggeredAt),
    (valid + "}", .notJSON(offset: valid.utf8.count)),
    ("{\"a\":1,\"\\u0061\":2}", .duplicateKey(offset: 7)),
    ("\u{FEFF}{}", .byteOrderMark), (#"{"a":"\ud800"}"#, .loneSurrogate(offset: 6)),
    (#"{"a":"\ud800\u0041"}"#, .loneSurrogate(offset: 6)),
    (#"{"a":"\udc00"}"#, .loneSurrogate(offset: 6)),
  ])
  func namesWhatIsWrong(text: String, expected: EventFault) {
    #expect(fault(text) == expected)
  }

  @Test func acceptsNoticesWhereTheyComeFrom() {
    let notice = #"{"event":"webhook.gone","data":{},"triggeredAt":"2026-01-31T12:00:00Z"}"#
    #expect(fault(notice, allowsNotices: true) == nil)
  }

  @Test func sameKeyInDifferentObjectsIsFine() {
    #expect(
      fault(
        #"{"event":"a","data":{"a":{"a":1},"b":[{"a":1},{"a":2}]},"triggeredAt":"2026-01-31T12:00:00Z"}"#
      ) == nil)
  }

  @Test func depthOf512IsFineAnd513IsNot() {
    var scanner = EventScanner()
    let fine = Array((String(repeating: "[", count: 512) + String(repeating: "]", count: 512)).utf8)
    let deep = Array("[".utf8) + fine + Array("]".utf8)
    #expect(throws: Never.self) { try fine.withUnsafeBytes { try scanner.validate($0) } }
    #expect(throws: EventFault.tooDeep(limit: 512)) {
      try deep.withUnsafeBytes { try scanner.validate($0) }
    }
  }

  @Test func findsOneDuplicateAmongManyKeys() {
    var scanner = EventScanner()
    let keys = (0..<60_000).map { "\"k\($0)\":0" }
    let fine = Array(("{" + keys.joined(separator: ",") + "}").utf8)
    let double = Array(("{" + keys.joined(separator: ",") + ",\"\\u006b31\":0}").utf8)
    #expect(throws: Never.self) { try fine.withUnsafeBytes { try scanner.validate($0) } }
    #expect(throws: EventFault.duplicateKey(offset: fine.count)) {
      try double.withUnsafeBytes { try scanner.validate($0) }
    }
    #expect(throws: Never.self) { try fine.withUnsafeBytes { try scanner.validate($0) } }
  }

  @Test func agreesWithTheByteWiseRulesAtEveryAlignment() {
    var scanner = EventScanner()
    for padding in 0..<17 {
      for (bad, isValid) in [("\u{1}", false), ("é", true), ("\\n", true), ("\\x", false)] {
        let text =
          "\"" + String(repeating: "a", count: padding) + bad
          + String(repeating: "b", count: 17 - padding) + "\""
        let accepted = Array(text.utf8).withUnsafeBytes { (try? scanner.validate($0)) != nil }
        #expect(accepted == isValid, "\(text)")
      }
    }
  }

  struct Case: Decodable {
    var name: String
    var `class`: String
    var body_b64: String?
    var gen: String?
  }

  /// What the two generated documents of the corpus stand for.
  static let generated: [String: [UInt8]] = [
    "'[' * 100000": Array(repeating: UInt8(ascii: "["), count: 100_000),
    "'[{\"\":' * 50000 + '\\n'": Array(
      (String(repeating: "[{\"\":", count: 50_000) + "\n").utf8),
  ]

  @Test func everyCaseOfTheCorpusGetsItsVerdict() throws {
    let url = try #require(
      Bundle.module.url(forResource: "json_cases", withExtension: "jsonl", subdirectory: "Corpora"))
    var scanner = EventScanner()
    var counts: [String: Int] = [:]
    for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n") {
      let item = try JSONDecoder().decode(Case.self, from: Data(line.utf8))
      let body: [UInt8]
      if let encoded = item.body_b64 {
        body = Array(try #require(Data(base64Encoded: encoded)))
      } else {
        body = try #require(Self.generated[item.gen ?? ""], "\(item.name)")
      }
      let verdicts = (0..<2).map { _ in
        body.withUnsafeBytes { (try? scanner.validate($0)) != nil }
      }
      #expect(verdicts[0] == verdicts[1], "\(item.name)")
      switch item.class {
      case "y_" where item.name.contains("duplicated_key"):
        // Valid by the letter of RFC 8259, but two readers can read two things: refused here.
        #expect(!verdicts[0], "\(item.name)")
      case "y_": #expect(verdicts[0], "\(item.name)")
      case "n_": #expect(!verdicts[0], "\(item.name)")
      default: break
      }
      counts[item.class, default: 0] += 1
    }
    #expect(counts.values.reduce(0, +) == 340)
  }
}
