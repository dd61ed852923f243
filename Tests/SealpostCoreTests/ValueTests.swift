import SealpostCore
import Testing

@Suite struct ValueTests {
  @Test(arguments: [
    ("1970-01-01T00:00:00Z", Int64(0)),
    ("2026-01-31T23:59:59.123456789Z", 1_769_903_999_123_456_789),
    ("2000-02-29T00:00:00+01:00", 951_778_800_000_000_000),
    ("1969-12-31T23:59:59.9Z", -100_000_000),
  ])
  func readsDates(text: String, nanoseconds: Int64) {
    #expect(Timestamp(iso8601: text)?.nanoseconds == nanoseconds)
  }

  @Test(arguments: [
    "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-31", "2026-01-31T24:00:00Z",
    "2026-01-31T12:00:00", "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00.1234567890Z",
    "2026-1-31T12:00:00Z", " 2026-01-31T12:00:00Z", "9999-01-01T00:00:00Z", "",
  ])
  func refusesDates(text: String) {
    #expect(Timestamp(iso8601: text) == nil)
  }

  @Test func writesWhatItReads() {
    for seconds in stride(from: Int64(-9_000_000_000), to: 9_000_000_000, by: 86_413 * 997) {
      let time = Timestamp(nanoseconds: seconds * 1_000_000_000 + 7_000_000)
      #expect(Timestamp(iso8601: time.iso8601) == time, "\(time.iso8601)")
    }
  }

  @Test(arguments: [
    ("https://example.test/hook?a=b", "example.test", UInt16(443)),
    ("HTTP://Example.TEST", "example.test", 80), ("http://127.0.0.1:8080/x", "127.0.0.1", 8080),
    ("https://[2001:DB8::1]:8443/", "2001:db8::1", 8443), ("https://a_b.test./", "a_b.test.", 443),
  ])
  func readsURLs(text: String, host: String, port: UInt16) throws {
    let url = try WebhookURL(parsing: text)
    #expect(url.host == host && url.port == port && url.text == text)
  }

  @Test(arguments: [
    ("ftp://example.test/", WebhookURLError.badScheme), ("example.test", .badScheme),
    ("https://user:pw@example.test/", .hasUser), ("https://example.test/#a", .hasFragment),
    ("https:///x", .badHost), ("http://0x7f.1/", .badHost), ("http://2130706433/", .badHost),
    ("http://127.1/", .badHost), ("http://0177.0.0.1/", .badHost), ("http://1.2.3.4./", .badHost),
    ("http://256.1.1.1/", .badHost), ("http://a..b/", .badHost), ("http://[::1/", .badHost),
    ("http://[::1]x/", .badHost), ("http://exa mple.test/", .badCharacter),
    ("http://ex\u{E4}mple.test/", .badCharacter), ("http://e.test/a\r\nb", .badCharacter),
    ("http://e.test\\@f/", .badCharacter), ("http://e.test:0/", .badPort),
    ("http://e.test:+80/", .badPort), ("http://e.test:65536/", .badPort),
    ("http://e.test:/", .badPort), ("http://e.test:6379/", .forbiddenPort(6379)),
    ("http://e.test:22/", .forbiddenPort(22)),
    ("http://e.test/" + String(repeating: "a", count: 2048), .tooLong),
  ])
  func refusesURLs(text: String, error: WebhookURLError) {
    #expect(throws: error) { try WebhookURL(parsing: text) }
  }

  @Test func refusesHeadersThatHaveAMeaning() throws {
    _ = try WebhookHeader(name: "X-Tenant", value: "a b")
    for name in ["Host", "webhook-id", "Content-Length", "Transfer-Encoding", "Metadata-Flavor"] {
      #expect(throws: WebhookHeader.Refusal.reservedName(name)) {
        try WebhookHeader(name: name, value: "x")
      }
    }
    for name in ["", "a b", "a:b", "a\r\nb"] {
      #expect(throws: WebhookHeader.Refusal.badName(name)) {
        try WebhookHeader(name: name, value: "x")
      }
    }
    for value in ["a\r\nb", "a\0b", "\u{7F}", "é", String(repeating: "a", count: 4097)] {
      #expect(throws: WebhookHeader.Refusal.badValue("X-A")) {
        try WebhookHeader(name: "X-A", value: value)
      }
    }
  }

  @Test func readsPatterns() throws {
    #expect(try EventPattern(parsing: "*") == .all)
    #expect(try EventPattern(parsing: "license.*") == .prefix("license."))
    #expect(try EventPattern(parsing: "license.created").text == "license.created")
    #expect(try EventPattern(parsing: "license.*").matches("license.activation.limit-reached"))
    #expect(try !EventPattern(parsing: "license.*").matches("licensex.created"))
    #expect(try !EventPattern(parsing: "*").matches("webhook.gone"))
    for text in ["", "**", "license*", "*.created", "a.*.b", ".*", "a b", "license.**"] {
      #expect(throws: EventPattern.ParseError.self) { try EventPattern(parsing: text) }
    }
  }

  @Test func theCatalogueHoldsValidNames() {
    let names = EventCatalogue.groups.flatMap(\.events)
    #expect(Set(names).count == names.count && names.count == 31)
    #expect(names.allSatisfy { EventName.isValid($0) })
  }

  @Test func tokensPrintThemselvesRedacted() {
    let token = WebhookToken("planted-secret")
    var dumped = ""
    dump(token, to: &dumped)
    for text in ["\(token)", String(reflecting: token), "\([token])", dumped] {
      #expect(!text.contains("planted"))
    }
  }
}
