import Foundation
import SealpostCore
import SealpostTransport
import Testing

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

  @Test func addressesAndSpellingsOfTheCorpusGetTheirVerdict() throws {
    let policy = EgressPolicy()
    var judged = 0
    for line in String(decoding: try corpus("ssrf", "jsonl"), as: UTF8.self).split(separator: "\n")
    {
      let item = try JSONDecoder().decode(Case.self, from: Data(line.utf8))
      guard ["ip4", "ip6", "encoding", "port", "parser"].contains(item.cat), item.resolve == nil,
        item.soft != true
      else { continue }
      let url = try? WebhookURL(parsing: item.url)
      let verdict = url.map { policy.verdict(for: $0) } ?? .denied
      #expect((verdict == .allowed) == (item.expect == "allow"), "\(item.id) \(item.url)")
      judged += 1
    }
    #expect(judged > 150, "\(judged)")
  }
}
