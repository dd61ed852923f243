import Foundation
import SealpostCore
import Testing

@testable import SealpostTransport

@Suite struct EgressPolicyTests {
  struct Ranges: Decodable {
    var ipv4_deny: [String]
    var ipv6_deny: [String]
    var ipv6_allow_only_within: [String]
  }

  struct Case: Decodable {
    var id: String
    var cat: String
    var url: String
    var expect: String
    var soft: Bool?
    var resolve: [String: String]?
    var resolve_seq: [String: [String]]?
    var never_dial: [String]?
    var headers: [String: String]?
    var requires: String?
  }

  private func corpus(_ name: String, _ type: String) throws -> Data {
    try Data(
      contentsOf: #require(
        Bundle.module.url(forResource: name, withExtension: type, subdirectory: "Corpora")))
  }

  @Test func everyListedBlockIsDeniedAtBothEnds() throws {
    let ranges = try JSONDecoder().decode(Ranges.self, from: corpus("ip_ranges", "json"))
    let policy = EgressPolicy()
    for block in ranges.ipv4_deny + ranges.ipv6_deny {
      for address in try ends(block) {
        #expect(policy.verdict(address) == .denied, "\(block)")
      }
    }
    #expect(policy.verdict(try #require(IPAddress("93.184.216.34"))) == .allowed)
    #expect(policy.verdict(try #require(IPAddress("2606:4700::1111"))) == .allowed)
    #expect(policy.verdict(try #require(IPAddress("4000::1"))) == .denied, "not assigned")
  }

  private func ends(_ block: String) throws -> [IPAddress] {
    let parts = block.split(separator: "/")
    let first = try #require(IPAddress(String(parts[0])))
    let prefix = try #require(Int(parts[1]))
    switch first {
    case .v4(let bits):
      return [first, .v4(bits | (prefix == 32 ? 0 : UInt32.max >> UInt32(prefix)))]
    case .v6(let high, let low):
      let lastHigh = prefix >= 64 ? high : high | UInt64.max >> UInt64(prefix)
      let lastLow =
        prefix == 128 ? low : low | (prefix <= 64 ? .max : UInt64.max >> UInt64(prefix - 64))
      return [first, .v6(lastHigh, lastLow)]
    }
  }

  @Test func whatTheOperatorAllowsIsAllowed() throws {
    let policy = EgressPolicy(allow: [try AddressBlock(parsing: "10.1.0.0/16")])
    #expect(policy.verdict(try #require(IPAddress("10.1.255.255"))) == .allowed)
    #expect(policy.verdict(try #require(IPAddress("10.2.0.0"))) == .denied)
    #expect(policy.verdict(try #require(IPAddress("::ffff:10.1.2.3"))) == .allowed)
    #expect(policy.verdict(try #require(IPAddress("64:ff9b::10.2.2.3"))) == .denied)
    for text in ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "::/129", "x"] {
      #expect(throws: AddressBlock.ParseError.self) { try AddressBlock(parsing: text) }
    }
  }

  /// What becomes of a webhook with that URL and those headers: what its rules say when it is saved, then what
  /// the policy says of each address that its name has.
  private func isReached(_ item: Case) throws -> Bool {
    guard let url = try? WebhookURL(parsing: item.url) else { return false }
    for (name, value) in item.headers ?? [:] {
      guard (try? WebhookHeader(name: name, value: value)) != nil else { return false }
    }
    let policy = EgressPolicy(isHTTPSOnly: item.requires != nil)
    guard policy.verdict(for: url) == .allowed else { return false }
    if let address = IPAddress(url.host) { return policy.verdict(address) == .allowed }
    let addresses = (item.resolve?[url.host] ?? item.resolve_seq?[url.host]?.last ?? "")
      .split(separator: ",")
    for forbidden in item.never_dial ?? [] where addresses.contains(Substring(forbidden)) {
      let address = try #require(IPAddress(forbidden))
      #expect(policy.verdict(address) == .denied, "\(item.id) \(forbidden)")
    }
    return try addresses.contains {
      policy.verdict(try #require(IPAddress(String($0)))) == .allowed
    }
  }

  /// Where the corpus leaves the rule to us: plain decimals, no empty port, no fragment, ASCII names.
  private static let refused: Set = [
    "encoding-0308", "encoding-0309", "encoding-0310", "encoding-0311", "port-0578", "parser-0461",
    "unicode-0367",
  ]

  @Test func everyLineOfTheCorpusGetsItsVerdict() throws {
    let lines = String(decoding: try corpus("ssrf", "jsonl"), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 334)
    for line in lines {
      let item = try JSONDecoder().decode(Case.self, from: Data(line.utf8))
      var expected = item.expect == "allow" && !Self.refused.contains(item.id)
      // Dialled at the addresses that are allowed, and at no other.
      if item.soft == true, item.cat == "resolve" { expected = true }
      // What the receiver answers is not the policy's to judge.
      if item.cat == "redirect" { expected = true }
      #expect(try isReached(item) == expected, "\(item.id) \(item.url)")
    }
  }

  @Test func onlyHTTPSWhereTheOperatorSaysSo() throws {
    let policy = EgressPolicy(isHTTPSOnly: true)
    #expect(policy.verdict(for: try WebhookURL(parsing: "http://example.com/")) == .unencrypted)
    #expect(policy.verdict(for: try WebhookURL(parsing: "HTTPS://example.com/")) == .allowed)
    #expect(policy.verdict(for: try WebhookURL(parsing: "https://10.0.0.1/")) == .denied)
  }

  @Test func aProxyIsReadAndNeverShown() throws {
    let proxy = try EgressProxy(parsing: "http://us%40er:p%3Ass@proxy.example.com:3128")
    #expect(proxy.user == "us@er" && proxy.password == "p:ss")
    var dumped = "\(proxy) \(String(reflecting: proxy))"
    dump(proxy, to: &dumped)
    #expect(!dumped.contains("us@er") && !dumped.contains("p:ss"))
    #expect(dumped.contains("http://proxy.example.com:3128"))
    for text in [
      "", "proxy:3128", "ftp://proxy:21", "socks5://proxy:1080", "http://proxy", "http://:3128",
      "http://proxy:3128/path", "http://proxy:3128?q", "http://proxy:70000",
      "http://a%00:b@proxy:1",
    ] {
      #expect(throws: EgressProxy.ParseError.self, "\(text)") { try EgressProxy(parsing: text) }
    }
    #expect(try EgressProxy(parsing: "socks5h://[::1]:1080").description == "socks5h://[::1]:1080")
  }
}
