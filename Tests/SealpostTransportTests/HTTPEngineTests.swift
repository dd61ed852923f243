import SealpostCore
import SealpostTesting
import SealpostTransport
import Testing

/// The engine on real sockets.
@Suite struct HTTPEngineTests {
  struct Ending: Sendable {
    var status: Int
    var reason: String?
    var retryAfter: String?
    var body: String
    var address: String?
  }

  private func settings(capacity: Int = 64, proxy: EgressProxy? = nil) -> TransportSettings {
    TransportSettings(
      userAgent: "test/1", connectTimeout: .seconds(2), deliveryTimeout: .seconds(3),
      capacity: capacity, proxy: proxy)
  }

  private func send(
    to port: UInt16?, allow: [String] = ["127.0.0.0/8"], scheme: String = "http",
    host: String = "127.0.0.1", path: String = "/hook", count: Int = 1, capacity: Int = 64,
    headers: [WebhookHeader] = [], padding: Int = 0, proxy: EgressProxy? = nil
  ) throws -> [Ending] {
    let poller = try Poller()
    let engine = try HTTPEngine(
      poller: poller, tokenBase: 1 << 32, settings: settings(capacity: capacity, proxy: proxy),
      egress: EgressPolicy(allow: try allow.map { try AddressBlock(parsing: $0) }))
    let target = try engine.makeTarget(
      url: try WebhookURL(parsing: "\(scheme)://\(host)\(port.map { ":\($0)" } ?? "")\(path)"),
      headers: headers)
    var endings: [Int: Ending] = [:]
    let bodies = (0..<count).map {
      Array("{\"n\":\($0)}".utf8) + Array(repeating: UInt8(ascii: " "), count: padding)
    }
    let copies = bodies.map { bytes in
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
      copy.copyBytes(from: bytes)
      return copy
    }
    defer { for copy in copies { copy.deallocate() } }
    var next = 0
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(30)
    while endings.count < count, clock.now < deadline {
      while next < count, engine.inFlight < engine.capacity {
        try engine.start(target, body: UnsafeRawBufferPointer(copies[next]), token: next) { head in
          head.append("Content-Type: application/json\r\nWebhook-Id: ")
          head.append(decimal: Int64(next))
        }
        next += 1
      }
      engine.turn()
      engine.collect { token, result in
        #expect(endings[token] == nil)
        endings[token] = Ending(
          status: result.status, reason: result.failure?.id,
          retryAfter: result.retryAfter.map { String(decoding: $0, as: UTF8.self) },
          body: String(decoding: result.responseBody, as: UTF8.self),
          address: result.remoteAddress)
      }
      guard endings.count < count else { break }
      let timeout = engine.timeoutMilliseconds()
      try poller.wait(timeoutMilliseconds: timeout < 0 ? 100 : min(timeout, 100)) { token, events in
        engine.socketReady(token: token, events: events)
      }
    }
    return endings.sorted { $0.key < $1.key }.map(\.value)
  }

  private func ending(_ answer: ScriptedReceiver.Answer) throws -> Ending {
    let receiver = ScriptedReceiver { _ in answer }
    return try #require(try send(to: receiver.port).first)
  }

  @Test(arguments: [200, 204, 301, 404, 410, 429, 500])
  func tellsTheStatus(status: Int) throws {
    let end = try ending(.status(status))
    #expect(end.status == status && end.reason == nil && end.address == "127.0.0.1")
    #expect(end.body == (status == 200 ? "" : status == 204 ? "" : "ok"))
  }

  @Test func tellsRetryAfter() throws {
    #expect(try ending(.status(503, headers: "retry-AFTER:  7 \r\n")).retryAfter == "7")
    #expect(try ending(.status(503)).retryAfter == nil)
  }

  @Test func namesWhatBroke() throws {
    let endless = String(
      repeating: "X-A: " + String(repeating: "a", count: 1000) + "\r\n", count: 10)
    let cases: [(ScriptedReceiver.Answer, String)] = [
      (.reset, "connection_reset"), (.silence, "response_timeout"),
      (.lastBytes(""), "empty_response"),
      (.lastBytes("SSH-2.0-OpenSSH\r\n"), "bad_response"),
      (.endless("HTTP/1.1 200 X\r\n", then: endless), "response_headers_too_large"),
      (
        .endless("HTTP/1.1 200 X\r\nX-A: ", then: String(repeating: "a", count: 10_000)),
        "response_headers_too_large"
      ),
      (
        .endless("HTTP/1.1 500 X\r\n\r\n", then: String(repeating: "a", count: 100_000)),
        "response_too_large"
      ),
    ]
    for (answer, reason) in cases {
      #expect(try ending(answer).reason == reason, "\(reason)")
    }
  }

  @Test func aSuccessStandsHoweverItsBodyEnds() throws {
    let head = "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n"
    #expect(try ending(.lastBytes(head + "short")).status == 200)
    #expect(try ending(.lastBytes(head + "short")).reason == nil)
    let endless = ScriptedReceiver.Answer.endless(
      "HTTP/1.1 200 X\r\n\r\n", then: String(repeating: "a", count: 100_000))
    #expect(try ending(endless).reason == nil)
  }

  @Test func anInterimAnswerIsNotTheAnswer() throws {
    let end = try ending(
      .bytes("HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"))
    #expect(end.status == 500 && end.reason == nil)
  }

  @Test func namesARefusedConnectionAndAnUnknownName() throws {
    #expect(try send(to: FreePort.find()).first?.reason == "connect_refused")
    #expect(try send(to: 80, host: "nowhere.invalid").first?.reason == "dns_not_found")
  }

  @Test func aReceiverWithoutTLSIsNotSpokenToInTheClear() throws {
    let receiver = ScriptedReceiver { _ in .status(200) }
    let end = try #require(try send(to: receiver.port, scheme: "https").first)
    #expect(end.status == 0 && ["tls_failed", "connect_timeout"].contains(end.reason))
    #expect(receiver.requests.isEmpty)
  }

  @Test func aCertificateOfNobodyWeTrustIsRefused() throws {
    let receiver = try TLSReceiver()
    let end = try #require(try send(to: receiver.port, scheme: "https").first)
    #expect(end.status == 0 && end.reason == "tls_untrusted")
  }

  @Test(arguments: ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
  func noSocketIsOpenedToAForbiddenAddress(host: String) throws {
    let receiver = ScriptedReceiver { _ in .status(200) }
    let end = try #require(try send(to: receiver.port, allow: [], host: host).first)
    #expect(end.reason == "blocked_address" && end.address == nil)
    #expect(receiver.connections == 0)
  }

  @Test func aThousandRequestsOverSixtyFourSlotsEachEndOnce() throws {
    let receiver = ScriptedReceiver { .status(201, body: $0.body) }
    let endings = try send(to: receiver.port, count: 1000)
    #expect(endings.count == 1000)
    #expect(endings.allSatisfy { $0.status == 201 })
    #expect(Set(receiver.requests.map(\.body)) == Set((0..<1000).map { "{\"n\":\($0)}" }))
    #expect(receiver.connections <= 64, "connections are used again")
  }

  @Test func theRequestIsWhatThePromiseSays() throws {
    let receiver = ScriptedReceiver { _ in .status(200) }
    let own = try WebhookHeader(name: "X-Tenant", value: String(repeating: "t", count: 3000))
    _ = try send(to: receiver.port, headers: [own])
    let head = try #require(receiver.requests.first?.head)
    #expect(
      head == """
        POST /hook HTTP/1.1\r
        Host: 127.0.0.1:\(receiver.port)\r
        Content-Type: application/json\r
        Webhook-Id: 0\r
        X-Tenant: \(own.value)\r
        User-Agent: test/1 HTTP/1.1\r
        Content-Length: 7
        """)
  }

  @Test(
    arguments: [
      ("", "/"), ("/", "/"), ("?a", "/?a"), ("/?", "/?"), ("/a%20b/%C3%A9?x=%0D%0A&y=1+2", nil),
      ("/a/./b/../c?d=/../e", "/a/c?d=/../e"), ("/a;b=c/@:~?q=HTTP/1.1", nil),
      ("/" + String(repeating: "p", count: 1900), nil),
    ])
  func theTargetIsThePathAndTheQuery(given: String, sent: String?) throws {
    let receiver = ScriptedReceiver { _ in .status(200) }
    _ = try send(to: receiver.port, path: given)
    let head = try #require(receiver.requests.first?.head)
    #expect(head.hasPrefix("POST \(sent ?? given) HTTP/1.1\r\nHost: "))
  }

  @Test func aLargeBodyIsSentWithoutAskingFirst() throws {
    let receiver = ScriptedReceiver { _ in .status(200) }
    let end = try #require(try send(to: receiver.port, padding: 2 << 20).first)
    let request = try #require(receiver.requests.first)
    #expect(end.status == 200 && request.body.utf8.count == 7 + 2 << 20)
    #expect(!request.head.contains("Expect"))
  }

  /// Through a tunnel, so that any host can be asked for.
  @Test(
    arguments: [
      ("receiver.example", nil, "receiver.example"), ("receiver.example", 80, "receiver.example"),
      ("Receiver.Example", 8080, "receiver.example:8080"), ("192.0.2.1", 443, "192.0.2.1:443"),
      ("[2001:DB8:0:0::1]", 8080, "[2001:db8::1]:8080"), ("[2001:db8::1]", nil, "[2001:db8::1]"),
    ])
  func theHostIsTheURLsAndNothingOfTheHeadIsTheProxys(host: String, port: UInt16?, sent: String)
    throws
  {
    let proxy = ScriptedReceiver {
      $0.head.hasPrefix("CONNECT ") ? .bytes("HTTP/1.1 200 X\r\n\r\n") : .status(200)
    }
    let end = try send(
      to: port, allow: ["192.0.2.0/24", "2001:db8::/32"], host: host,
      proxy: try EgressProxy(parsing: "http://127.0.0.1:\(proxy.port)"))
    #expect(end.map(\.status) == [200])
    let heads = proxy.requests.map(\.head)
    #expect(heads.count == 2)
    #expect(
      heads.first.map { !$0.contains("Webhook") && !$0.contains("/hook") && !$0.contains("test/1") }
        == true)
    #expect(
      heads.last?.lowercased().hasPrefix("post /hook http/1.1\r\nhost: \(sent)\r\n") == true,
      "\(heads.last ?? "")")
  }

  @Test func oneSlotsHeadsKnowNothingOfEachOther() throws {
    let receiver = ScriptedReceiver { _ in .status(200) }
    _ = try send(to: receiver.port, count: 12, capacity: 1)
    let heads = receiver.requests.map(\.head)
    let first = try #require(heads.first)
    let ids = (0..<12).map { "Webhook-Id: \($0)\r\n" }
    #expect(
      zip(heads, ids).map { $0.replacing($1, with: ids[0]) }.map {
        $0.replacing("Content-Length: 8", with: "Content-Length: 7")
      } == Array(repeating: first, count: 12))
  }
}
