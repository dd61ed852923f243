import SealpostCore
import Testing

@testable import SealpostBroker

@Suite struct RetryHeadersTests {
  /// Headers as they come back from the broker: AMQP 0-9-1, section 4.2.5.5.
  private static func read(
    _ headers: [(key: String, value: HeaderValue)], _ check: (RetryHeaders) -> Void
  ) {
    func bytes(_ count: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(count).bigEndian, Array.init) }
    var table: [UInt8] = []
    for (key, value) in headers {
      table += [UInt8(key.utf8.count)] + Array(key.utf8)
      switch value {
      case .int(let number):
        table += [UInt8(ascii: "l")] + withUnsafeBytes(of: number.bigEndian, Array.init)
      case .text(let text): table += [UInt8(ascii: "S")] + bytes(text.utf8.count) + Array(text.utf8)
      case .bytes(let text): table += [UInt8(ascii: "S")] + bytes(text.count) + Array(text)
      case .flag, .table: Issue.record("no retry has such a header")
      }
    }
    let properties: [UInt8] = [0x20, 0] + bytes(table.count) + table
    properties.withUnsafeBytes { properties in
      var fields: [AMQPField] = []
      AMQPProperties(properties).forEachHeader { fields.append($0) }
      guard case .parsed(let retry) = RetryHeaders.read(fields) else {
        Issue.record("\(headers) are refused")
        return
      }
      check(retry)
    }
  }

  /// The headers of a delivery's first attempt, with what began its run.
  private static func withHeaders(
    run: Int, _ trigger: AttemptTrigger,
    _ body: ([(key: String, value: HeaderValue)]) -> Void
  ) {
    Array("evt_1".utf8).withUnsafeBytes { event in
      Array("acme".utf8).withUnsafeBytes { account in
        body(
          RetryHeaders.outgoing(
            eventID: event, account: account, webhook: "w", run: run, attempt: 2, deferrals: 1,
            firstAttemptAt: Timestamp(seconds: 7), revision: 3, trigger: trigger, copy: .late,
            dueAt: Timestamp(seconds: 9)))
      }
    }
  }

  @Test(arguments: [AttemptTrigger.event, .manual, .replay, .test])
  func whatIsWrittenIsRead(trigger: AttemptTrigger) {
    Self.withHeaders(run: 5, trigger) { headers in
      Self.read(headers) { retry in
        #expect(retry.trigger == trigger && retry.run == 5 && retry.attempt == 2)
        #expect(retry.eventID.elementsEqual("evt_1".utf8) && retry.webhook.elementsEqual("w".utf8))
        #expect(retry.firstAttemptAt == Timestamp(seconds: 7) && retry.copy == .late)
      }
    }
  }

  @Test(arguments: [
    (0, "a later version's", AttemptTrigger.event), (2, "REPLAY", .manual), (2, "", .manual),
    (2, "retry", .manual),
  ])
  func anUnknownTriggerLeavesWhatTheRunTells(run: Int, text: String, expected: AttemptTrigger) {
    Self.withHeaders(run: run, .replay) { headers in
      let others = headers.filter { $0.key != RetryHeaders.Name.trigger }
      for value in [[], [HeaderValue.text(text)], [.int(4)]] {
        let trigger = value.map { (key: RetryHeaders.Name.trigger, value: $0) }
        Self.read(others + trigger) { #expect($0.trigger == expected) }
      }
    }
  }

  @Test(arguments: [
    (RetryHeaders.Copy.none, RetryHeaders.Copy.possible), (.late, .possible),
    (.returned, .returned), (.returnedAfterRequests, .returnedAfterRequests),
  ])
  func whatIsPublishedOnceMoreSaysSo(before: RetryHeaders.Copy, after: RetryHeaders.Copy) {
    var headers = [RetryHeaders.copyHeader(before)]
    RetryHeaders.notePossibleCopy(in: &headers)
    guard case .int(after.rawValue) = headers[0].value else {
      Issue.record("\(headers)")
      return
    }
  }
}
