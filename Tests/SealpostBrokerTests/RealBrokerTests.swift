import SealpostBroker
import SealpostCore
import SealpostTesting
import Testing

/// The module on a real RabbitMQ, each test in a namespace of its own.
@Suite(.serialized) struct RealBrokerTests {
  let server: RabbitMQServer
  var settings: BrokerSettings

  init() throws {
    server = try RabbitMQServer.shared.get()
    settings = BrokerSettings(
      urls: try BrokerURL.list(server.url), namespace: "t\(UInt32.random(in: .min ... .max))")
    settings.eventsExchange = settings.namespace + ".published"
  }

  private func open() throws -> BrokerConnection {
    try BrokerConnection.open(settings, name: "test")
  }

  private func declare() throws {
    try BrokerTopology.declare(on: try open(), settings: settings)
  }

  private func publish(
    _ bodies: [[UInt8]], to exchange: String? = nil, key: (Int) -> String = { _ in "a.b" }
  )
    throws -> [PublishOutcome]
  {
    let publisher = try ConfirmingPublisher(connection: try open())
    var outcomes: [UInt64: PublishOutcome] = [:]
    for (index, body) in bodies.enumerated() {
      _ = try body.withUnsafeBytes {
        try publisher.publish(
          OutgoingMessage(
            exchange: exchange ?? settings.eventsExchange, routingKey: key(index), body: $0))
      }
    }
    let isDone = Waiting.until(seconds: 20) {
      try? publisher.process(waitMilliseconds: 100) { outcomes[$0] = $1 }
      return outcomes.count == bodies.count
    }
    #expect(isDone && publisher.outstanding == 0)
    return outcomes.sorted { $0.key < $1.key }.map(\.value)
  }

  private func consumer(_ queue: String? = nil) throws -> BrokerConsumer {
    try BrokerConsumer(
      connection: try open(), queues: [(queue ?? settings.names.events, 5000)],
      consumerTagPrefix: "test")
  }

  private func take(_ consumer: BrokerConsumer, _ count: Int, seconds: Int = 20)
    throws -> [(body: [UInt8], redelivered: Bool, deliveryCount: Int64, tag: UInt64)]
  {
    var taken: [(body: [UInt8], redelivered: Bool, deliveryCount: Int64, tag: UInt64)] = []
    var failure: (any Error)?
    let isDone = Waiting.until(seconds: seconds) {
      do {
        _ = try consumer.read(limit: 100) { message in
          taken.append(
            (Array(message.body), message.redelivered, message.deliveryCount, message.tag))
          message.free()
        }
      } catch {
        failure = error
      }
      return taken.count >= count || failure != nil
    }
    if let failure { throw failure }
    #expect(isDone, "\(taken.count) of \(count) came")
    return taken
  }

  @Test func connectionErrorsNameWhatIsWrong() throws {
    func failure(_ url: String) -> BrokerError? {
      do throws(BrokerError) {
        _ = try BrokerConnection.open(
          BrokerSettings(urls: try BrokerURL.list(url)), name: "test")
        return nil
      } catch {
        return error
      }
    }
    let port = server.port
    guard case .unreachable = failure("amqp://127.0.0.1:\(FreePort.find())"),
      case .accessRefused = failure("amqp://guest:no@127.0.0.1:\(port)"),
      case .vhostRefused = failure("amqp://127.0.0.1:\(port)/nowhere"),
      failure("amqp://127.0.0.1:\(FreePort.find()),amqp://127.0.0.1:\(port)") == nil
    else {
      Issue.record("each failure is its own")
      return
    }
  }

  @Test func declaringIsIdempotentAndNamesOtherArguments() throws {
    try declare()
    try declare()
    var smaller = settings
    smaller.levelMaximumBytes = 1 << 20
    do throws(BrokerError) {
      try BrokerTopology.declare(
        on: try BrokerConnection.open(smaller, name: "test"), settings: smaller)
      Issue.record("other arguments are accepted")
    } catch {
      #expect(error.sentence.contains("x-max-length-bytes"))
      #expect(error.sentence.contains("1048576") && error.sentence.contains("2147483648"))
      #expect(!error.isRetriable)
    }
  }

  @Test func theProofTellsSafeFromUnsafe() throws {
    try BrokerProof.run(on: try open(), settings: settings)
    try server.ctl(
      "set_policy", settings.namespace, "^\(settings.namespace)", #"{"overflow":"drop-head"}"#,
      "--apply-to", "queues")
    defer { _ = try? server.ctl("clear_policy", settings.namespace) }
    #expect(throws: BrokerError.self) { try BrokerProof.run(on: try open(), settings: settings) }
  }

  @Test func bodiesOfEverySizeComeWhole() throws {
    try declare()
    let sizes = [0, 1, 661, 131_063, 131_064, 131_065, 131_072, 262_128, 1 << 20]
    let bodies = sizes.map { size in (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) } }
    #expect(try publish(bodies).allSatisfy { $0 == .confirmed })
    #expect(try take(try consumer(), sizes.count).map(\.body) == bodies)
  }

  @Test func aDeletedQueueAndAClosedConnectionAreNoticed() throws {
    try declare()
    let first = try consumer(settings.names.bulk)
    try server.ctl("delete_queue", settings.names.bulk)
    #expect(throws: BrokerError.consumerCancelled(queue: settings.names.bulk)) {
      try take(first, 1)
    }
    let second = try consumer()
    try server.ctl("close_all_connections", "for a test")
    #expect(throws: BrokerError.self) { try take(second, 1) }
  }

  @Test func aHundredLostConnectionsLoseNothing() throws {
    try declare()
    let bodies = (0..<100).map { Array("\($0)".utf8) }
    _ = try publish(bodies)
    for loss in 0..<100 {
      let consumer = try consumer()
      let taken = try take(consumer, 100)
      #expect(Set(taken.map(\.body)) == Set(bodies))
      #expect(taken.allSatisfy { $0.redelivered == (loss > 0) && $0.deliveryCount == Int64(loss) })
      consumer.close()
    }
    let last = try consumer()
    let taken = try take(last, 100)
    #expect(Set(taken.map(\.body)) == Set(bodies))
    try last.acknowledge(try #require(taken.map(\.tag).max()), multiple: true)
  }

  @Test func publishesAreConfirmedReturnedOrRefused() throws {
    try declare()
    #expect(try publish([[1], [2]]) == [.confirmed, .confirmed])
    let returned = try publish([[1], [2]], to: settings.names.control)
    #expect(
      returned == [
        .returned(code: 312, words: "NO_ROUTE"), .returned(code: 312, words: "NO_ROUTE"),
      ])
  }

  /// The bound is a second on an idle machine. Messages without a wait go out beside the others, and what
  /// the slowest of them took is allowed once more for each of four hops.
  @Test func twoThousandMixedDelaysComeWithinASecondOfTheirTime() throws {
    try declare()
    let ladder = DelayLadder(names: settings.names, unit: settings.delayUnit)
    var random = SystemRandomNumberGenerator()
    let steps = (0..<2000).map { ladder.step(for: .seconds($0 % 13 + 1), using: &random) }
    let atOnce = ladder.step(for: .zero, using: &random)
    let consumer = try consumer(settings.names.retries)
    let publisher = try ConfirmingPublisher(connection: try open())
    var due: [Timestamp] = []
    func send(_ step: LadderStep) throws {
      let body = Array("\(due.count)".utf8)
      due.append(.now() + step.delay)
      _ = try body.withUnsafeBytes {
        try publisher.publish(
          OutgoingMessage(exchange: step.exchange, routingKey: step.routingKey, body: $0))
      }
    }
    for step in steps { try send(step) }
    var confirmed = 0
    var late: [Int: Duration] = [:]
    var delayed = 0
    let isDone = Waiting.until(seconds: 40) {
      if confirmed == due.count, late[due.count - 1] != nil || due.count == steps.count {
        try? send(atOnce)
      }
      try? publisher.process(waitMilliseconds: 0) { if $1 == .confirmed { confirmed += 1 } }
      _ = try? consumer.read(limit: 1000) { message in
        let index = Int(String(decoding: message.body, as: UTF8.self)) ?? 0
        late[index] = Timestamp.now() - due[index]
        if index < steps.count { delayed += 1 }
        message.free()
      }
      return delayed == steps.count
    }
    #expect(isDone, "\(delayed) came, \(confirmed) confirmed")
    if due.count > steps.count, late[due.count - 1] == nil {
      late[due.count - 1] = Timestamp.now() - due[due.count - 1]
    }
    let waited = late.filter { $0.key < steps.count }.values
    let slowest = try #require(late.filter { $0.key >= steps.count }.values.max())
    let earliest = try #require(waited.min())
    let latest = try #require(waited.max())
    #expect(earliest > .milliseconds(-20), "\(earliest)")
    #expect(latest < .seconds(1) + slowest * 4, "\(latest), \(slowest) without a wait")
  }
}
