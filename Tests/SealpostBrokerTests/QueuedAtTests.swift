import Glibc
import SealpostCore
import Testing

@testable import SealpostBroker

/// When a message was published, by whoever says so.
@Suite struct QueuedAtTests {
  private static let flagHeaders: UInt16 = 1 << 13
  private static let flagTimestamp: UInt16 = 1 << 6

  /// Properties as they come from the broker: AMQP 0-9-1, sections 4.2.5.5 and 4.2.6.1.
  private func properties(_ headers: [(String, Int64)], timestamp: Int64?) -> [UInt8] {
    func big(_ number: some FixedWidthInteger) -> [UInt8] {
      withUnsafeBytes(of: number.bigEndian, Array.init)
    }
    var table: [UInt8] = []
    for (key, value) in headers {
      table += [UInt8(key.utf8.count)] + Array(key.utf8) + [UInt8(ascii: "l")] + big(value)
    }
    var flags: UInt16 = 0
    var fields: [UInt8] = []
    if !headers.isEmpty {
      flags |= Self.flagHeaders
      fields += big(UInt32(table.count)) + table
    }
    if let timestamp {
      flags |= Self.flagTimestamp
      fields += big(timestamp)
    }
    return big(flags) + fields
  }

  private func queuedAt(_ headers: [(String, Int64)], timestamp: Int64? = nil) -> Timestamp? {
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    var assembly = MessageAssembly(tag: 1, queue: 0, redelivered: false, exchange: nothing)
    properties(headers, timestamp: timestamp).withUnsafeBytes {
      _ = assembly.begin(properties: $0, bodyBytes: 0)
    }
    let message = BrokerMessage(assembly)
    defer { message.free() }
    return message.queuedAt
  }

  @Test func ourOwnWordComesFirstThenTheBrokersThenThePublishers() {
    let ours = ("sealpost-queued-at", Int64(1_500_000_000_000_000_001))
    let brokers = ("timestamp_in_ms", Int64(1_600_000_000_002))
    #expect(queuedAt([]) == nil)
    #expect(queuedAt([], timestamp: 1_700_000_000) == Timestamp(seconds: 1_700_000_000))
    #expect(
      queuedAt([brokers], timestamp: 1_700_000_000)
        == Timestamp(nanoseconds: 1_600_000_000_002_000_000))
    for headers in [[ours, brokers], [brokers, ours]] {
      #expect(
        queuedAt(headers, timestamp: 1_700_000_000) == Timestamp(nanoseconds: ours.1))
    }
  }

  @Test func whatCannotBeATimeSaysNothing() {
    for number in [0, -1, Int64.min, Int64.max] {
      #expect(queuedAt([("timestamp_in_ms", number)]) == nil)
      #expect(queuedAt([], timestamp: number) == nil)
    }
    #expect(queuedAt([("sealpost-queued-at", -5)], timestamp: 7) == nil)
  }
}
