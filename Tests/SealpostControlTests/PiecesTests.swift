import SealpostCore
import Testing

@testable import SealpostControl

struct PiecesTests {
  private func split(_ json: String, most: Int = 1000) throws -> [String] {
    try EventList.split(Array(json.utf8), most: most).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func anArrayOfEventsIsCutWhereTheyEnd() throws {
    #expect(try split(#" {"a":1} "#) == [#"{"a":1}"#])
    #expect(
      try split(#"[ {"a":[1,2]} , {"b":"],{\"["} ]"#) == [#"{"a":[1,2]}"#, #"{"b":"],{\"["}"#])
    #expect(try split(#"[{"a":"\\"},{}]"#) == [#"{"a":"\\"}"#, "{}"])
    #expect(try split("[{},]") == ["{}", ""], "what is no event is the scanner's to refuse")
    #expect(throws: ControlError.self) { try split("[]") }
    #expect(throws: ControlError.self) { try split("[{}") }
    #expect(throws: ControlError.self) { try split("[") }
    #expect(throws: ControlError.self) { try split("[1,2,3]", most: 2) }
  }

  @Test func anEventMayBringItsIdentity() throws {
    func identity(_ json: String) throws -> String? {
      try EventList.identity(of: ArraySlice(json.utf8))
    }
    #expect(try identity(#"{"id":"evt_1","data":{"id":"x"}}"#) == "evt_1")
    #expect(try identity(#"{"data":{"id":"x"}}"#) == nil)
    #expect(try identity(#"{"id":7}"#) == nil)
    #expect(throws: ControlError.self) { try identity(#"{"id":"a.b"}"#) }
  }

  @Test func eachHasItsOwnAllowanceInEachSpan() {
    let limiter = RateLimiter(seconds: 60)
    let now = Timestamp(seconds: 600)
    #expect(limiter.take(of: 2, for: "a", now: now).remaining == 1)
    #expect(limiter.take(of: 2, for: "a", now: now).isGranted)
    let over = limiter.take(of: 2, for: "a", now: now)
    #expect(!over.isGranted && over.remaining == 0 && over.resetsAt == 660)
    #expect(limiter.take(of: 2, for: "b", now: now).isGranted)
    #expect(limiter.take(of: 2, for: "a", now: Timestamp(seconds: 660)).isGranted)
  }

  @Test func everyEventOfTheCatalogueHasASampleThatIsAnEvent() throws {
    var scanner = EventScanner()
    for event in EventCatalogue.groups.flatMap(\.events) {
      let body = try #require(EventSample.body(of: event))
      let name = try body.withUnsafeBytes {
        String(decoding: try scanner.scan($0, allowsNotices: true).name, as: UTF8.self)
      }
      #expect(name == event)
    }
    #expect(EventSample.body(of: "license.unknown") == nil)
  }

  @Test func whatControlsATerminalIsEscapedInJSON() {
    func json(_ text: String) -> String {
      String(decoding: Inert.json(Array(text.utf8)), as: UTF8.self)
    }
    #expect(json("{\"a\": \"é\u{202E}\u{9B}31m\u{7F}\"}") == #"{"a": "é\u202e\u009b31m\u007f"}"#)
    #expect(json("[\"\u{E0001}\"]") == #"["\udb40\udc01"]"#)
    #expect(json("{\n}") == "{\n}")
  }

  @Test(arguments: [
    ("plain é", "plain é"), ("", ""), ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\""),
    ("\"\u{301}", "\"\"\"\u{301}\""), ("=1+1", "'=1+1"), ("=\u{301}1", "'=\u{301}1"), ("+1", "'+1"),
    ("-1", "'-1"), ("@SUM(A1,B1)", "\"'@SUM(A1,B1)\""), ("\t=1", "'\\u{9}=1"),
    ("\r=1", "'\\u{d}=1"),
    ("a\r\n=1", "a\\u{d}\\u{a}=1"), ("\u{202E}=1\u{1B}[2J", "\\u{202e}=1\\u{1b}[2J"),
  ])
  func aFieldOfCSVIsQuotedAndInert(text: String, field: String) {
    #expect(LogCSV.field(text).unicodeScalars.elementsEqual(field.unicodeScalars))
  }

  @Test func aPrincipalIsBoundToItsAccount() throws {
    let owner = Principal(name: "n", id: "i", account: "mine", scopes: [.webhookRead])
    #expect(try owner.account(named: nil) == "mine")
    #expect(throws: ControlError.self) { try owner.account(named: "other") }
    #expect(throws: ControlError.self) { try owner.require(.webhookWrite) }
    #expect(throws: ControlError.self) { try owner.requireAdministrator() }
    #expect(try Principal.commandLine.account(named: nil) == nil)
    #expect(try Principal.commandLine.acting(for: "mine").account(named: nil) == "mine")
    #expect(throws: ControlError.self) { try Principal.commandLine.account(named: "a b") }
  }
}
