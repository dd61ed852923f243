import SealpostCore
import Testing

@testable import SealpostBroker

@Suite struct LadderTests {
  let settings: BrokerSettings

  init() throws { settings = BrokerSettings(urls: try BrokerURL.list("amqp://h")) }

  /// Which exchange or queue each exchange hands a key to, as it is declared: two targets for each level.
  struct Way {
    var waits: [String: Int64] = [:]
    var below: [String: String] = [:]
    var bindings: [String: [(pattern: [Substring], target: TopologyPlan.Binding.Target)]] = [:]

    init(_ plan: TopologyPlan) {
      for step in plan.steps {
        switch step {
        case .exchange: break
        case .queue(let queue):
          for (key, value) in queue.arguments {
            if key == "x-message-ttl", case .int(let milliseconds) = value {
              waits[queue.name] = milliseconds
            }
            if key == "x-dead-letter-exchange", case .text(let exchange) = value {
              below[queue.name] = exchange
            }
          }
        case .binding(let binding):
          bindings[binding.source, default: []].append(
            (binding.key.split(separator: "."), binding.target))
        }
      }
    }

    /// The queues that a message passes, and their waits added up, until it is in the last queue.
    func walk(from exchange: String, key: [Substring], to last: String) -> (hops: Int, wait: Int64)?
    {
      var exchange = exchange
      var hops = 0
      var wait: Int64 = 0
      for _ in 0..<100 {
        let matching = (bindings[exchange] ?? []).filter { Self.matches($0.pattern, key) }
        guard matching.count == 1 else { return nil }
        switch matching[0].target {
        case .exchange(let next): exchange = next
        case .queue(let queue):
          if queue == last { return (hops, wait) }
          guard let time = waits[queue], let next = below[queue] else { return nil }
          hops += 1
          wait += time
          exchange = next
        }
      }
      return nil
    }

    /// Topic matching of AMQP 0-9-1, section 3.1.3.3, for patterns whose `#` stands last.
    static func matches(_ pattern: [Substring], _ key: [Substring]) -> Bool {
      for (index, word) in pattern.enumerated() {
        if word == "#" { return true }
        guard index < key.count, word == "*" || word == key[index] else { return false }
      }
      return pattern.count == key.count
    }
  }

  @Test func everyDelayUpTo36HoursTakesItsTimeInAtMostFourHops() {
    let way = Way(TopologyPlan(settings))
    let ladder = DelayLadder(names: settings.names, unit: .seconds(1))
    var random = SystemRandomNumberGenerator()
    for asked in 1...129_600 {
      let step = ladder.step(for: .seconds(asked), using: &random)
      let end = way.walk(
        from: step.exchange, key: step.routingKey.split(separator: "."), to: settings.names.retries)
      // An expectation for each of the delays would cost more than the walk.
      guard let end, end.wait == Int64(step.units) * 1000, end.hops <= 4,
        step.units >= asked, step.units <= asked + asked / 2, step.delay == .seconds(step.units)
      else {
        Issue.record("\(asked) s: \(step) ends as \(String(describing: end))")
        return
      }
    }
  }

  @Test func everyWholeNumberOfUnitsHasAWay() {
    let way = Way(TopologyPlan(settings))
    for units in stride(from: 1, through: DelayLadder.maximumUnits, by: 7) {
      let exchange = settings.names.delay(DelayLadder.entryLevel(units: units))
      let key = DelayLadder.routingKey(units: units).split(separator: ".")
      let end = way.walk(from: exchange, key: key, to: settings.names.retries)
      #expect(end?.wait == Int64(units) * 1000 && end?.hops == units.nonzeroBitCount)
    }
  }

  @Test func shortDelaysAreNotRounded() {
    var random = SystemRandomNumberGenerator()
    for units in 0...15 {
      #expect(DelayLadder.rounded(units: units, using: &random) == units)
    }
  }

  @Test func noDelayGoesStraightToTheRetries() {
    var random = SystemRandomNumberGenerator()
    let step = DelayLadder(names: settings.names, unit: .seconds(1))
      .step(for: .zero, using: &random)
    #expect(step.units == 0 && step.exchange == "sealpost.due")
    let tiny = DelayLadder(names: settings.names, unit: .seconds(1))
      .step(for: .nanoseconds(1), using: &random)
    #expect(tiny.units == 1)
  }

  @Test func everyQueueKeepsWhatComesBackOften() {
    for case .queue(let queue) in TopologyPlan(settings).steps {
      let limit = queue.arguments.first { $0.key == "x-delivery-limit" }
      guard case .int(1_000_000) = limit?.value else {
        Issue.record("\(queue.name) has no delivery limit")
        return
      }
    }
  }

  @Test(arguments: [
    ("amqp://u:p@h:1234/v", "amqp://u@h:1234/v"), ("amqp://h", "amqp://guest@h:5672/%2F"),
    ("amqps://u:p%40@[::1]/%2F", "amqps://u@[::1]:5671/%2F"),
    ("amqp://h/", "amqp://guest@h:5672/%2F"),
  ])
  func readsURLs(text: String, shown: String) throws {
    #expect("\(try BrokerURL(parsing: text))" == shown)
  }

  @Test(arguments: [
    "http://h", "amqp://", "amqp://h:0", "amqp://h:x", "amqp://h/a/b", "amqp://u:secret@h:0",
  ])
  func refusesURLsWithoutTellingPasswords(text: String) {
    do throws(BrokerError) {
      _ = try BrokerURL(parsing: text)
      Issue.record("\(text) is no URL")
    } catch {
      #expect(!error.sentence.contains("secret") && error.sentence.contains("SEALPOST_AMQP_URL"))
    }
  }

  @Test func propertiesThatAreCutAnywhereNeverCrash() {
    // Flags for content type, headers and message id; a table with every type of field.
    var bytes: [UInt8] = [0xA0, 0x80, 4] + Array("json".utf8)
    var table: [UInt8] = []
    for (kind, count) in [
      ("t", 1), ("b", 1), ("B", 1), ("s", 2), ("u", 2), ("I", 4), ("i", 4), ("f", 4), ("l", 8),
      ("L", 8), ("d", 8), ("T", 8), ("D", 5), ("V", 0),
    ] {
      table += [1, UInt8(ascii: "k")] + Array(kind.utf8) + Array(repeating: 0xFF, count: count)
    }
    table += [7] + Array("account".utf8) + Array("S".utf8) + [0, 0, 0, 2] + Array("me".utf8)
    bytes += [0, 0, 0, UInt8(table.count)] + table + [2] + Array("id".utf8)
    for count in 0...bytes.count {
      Array(bytes.prefix(count)).withUnsafeBytes { cut in
        let properties = AMQPProperties(cut)
        var names = 0
        properties.forEachHeader { field in
          names += 1
          _ = field.integer
        }
        if count == bytes.count {
          #expect(names == 15 && properties.messageID.map { Array($0) } == Array("id".utf8))
        }
      }
    }
  }
}
