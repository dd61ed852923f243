import Foundation
import SealpostBroker
import SealpostCore
import SealpostPublisher
import SealpostTesting
import Testing

/// The library on a real RabbitMQ, each test with an exchange of its own.
@Suite struct EventPublisherTests {
  private struct License: Encodable {
    var key = "D08B53"
  }

  private func settings(_ server: RabbitMQServer) throws -> (PublisherSettings, BrokerSettings) {
    var broker = BrokerSettings(
      urls: try BrokerURL.list(server.url), namespace: "t\(UInt32.random(in: .min ... .max))")
    broker.eventsExchange = broker.namespace + ".published"
    try BrokerTopology.declare(
      on: try BrokerConnection.open(broker, name: "test"), settings: broker)
    var settings = PublisherSettings(url: server.url)
    settings.exchange = broker.eventsExchange
    return (settings, broker)
  }

  /// A URL at which nobody listens.
  private var nowhere: PublisherSettings {
    PublisherSettings(url: "amqp://127.0.0.1:\(FreePort.find())")
  }

  /// Takes what is in the events' queue, until so many different ones came: identity and body of each. One that
  /// was sent again after a loss is there twice.
  private func published(_ broker: BrokerSettings, atLeast count: Int) throws -> [(
    id: String, body: String
  )] {
    let consumer = try BrokerConsumer(
      connection: try BrokerConnection.open(broker, name: "test"),
      queues: [(broker.names.events, 1000)], consumerTagPrefix: "test")
    var taken: [(id: String, body: String)] = []
    var ids: Set<String> = []
    let isDone = try Waiting.until(seconds: 30) {
      var last: UInt64 = 0
      _ = try consumer.read(limit: 1000) { message in
        last = message.tag
        let id = message.messageID.map { String(decoding: $0, as: UTF8.self) } ?? ""
        ids.insert(id)
        taken.append((id, String(decoding: message.body, as: UTF8.self)))
        message.free()
      }
      if last > 0 { try consumer.acknowledge(last, multiple: true) }
      return ids.count >= count
    }
    #expect(isDone, "\(ids.count) of \(count) came")
    return taken
  }

  @Test func tenThousandEventsAreConfirmedAcrossARestartOfTheBrokerAndNoneIsLost() async throws {
    let server = try RabbitMQServer()
    defer { server.stop() }
    let (settings, broker) = try settings(server)
    let publisher = try EventPublisher(settings)
    let count = 10_000
    let restart = try await withThrowingTaskGroup(of: Void.self) { group in
      var restart: Task<Void, any Error>?
      for number in 0..<count {
        if number >= 2000 { try await group.next() }
        if number == 4000 {
          restart = Task.detached {
            try server.ctl("stop_app")
            try server.ctl("start_app")
          }
        }
        group.addTask {
          try await publisher.publish(event: "license.created", data: License(), id: "e\(number)")
        }
      }
      try await group.waitForAll()
      return restart
    }
    try await restart?.value
    await publisher.shutdown()
    let ids = Set(try published(broker, atLeast: count).map(\.id))
    let missing = Set((0..<count).map { "e\($0)" }).subtracting(ids)
    #expect(missing.isEmpty && ids.count == count)
  }

  @Test func anEventIsPublishedAsTheWorkerExpectsIt() async throws {
    let (settings, broker) = try settings(try RabbitMQServer.shared.get())
    let publisher = try EventPublisher(settings)
    let id = try await publisher.publish(
      event: "license.created", data: License(), account: "acme",
      triggeredAt: .init(timeIntervalSince1970: 1_769_860_800.5))
    await publisher.shutdown()
    let (sent, body) = try #require(try published(broker, atLeast: 1).first)
    #expect(sent == id && EventID.isValid(id))
    #expect(
      body
        == #"{"event":"license.created","data":{"key":"D08B53"},"triggeredAt":"2026-01-31T12:00:00.500Z"}"#
    )
  }

  @Test func anEventThatNoQueueIsBoundForIsAnError() async throws {
    let (settings, broker) = try settings(try RabbitMQServer.shared.get())
    var lost = settings
    lost.exchange = broker.names.control
    let publisher = try EventPublisher(lost)
    await #expect(throws: PublishError.unroutable("NO_ROUTE")) {
      try await publisher.publish(event: "license.created", data: License())
    }
    lost.exchange = "nobody.declared.this"
    let another = try EventPublisher(lost)
    let error = await #expect(throws: PublishError.self) {
      try await another.publish(event: "license.created", data: License())
    }
    guard case .broker(.notFound) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func whatIsNoValidEventIsNotSent() async throws {
    let publisher = try EventPublisher(nowhere)
    await #expect(throws: PublishError.invalidEvent(.badEventName)) {
      try await publisher.publish(event: "no..name", data: License())
    }
    await #expect(throws: PublishError.invalidEvent(.reservedName)) {
      try await publisher.publish(event: "webhook.gone", data: License())
    }
    await #expect(throws: PublishError.invalidEvent(.dataNotObject)) {
      try await publisher.publish(event: "license.created", data: [1, 2])
    }
    await #expect(throws: PublishError.invalidEvent(.badAccount)) {
      try await publisher.publish(event: "license.created", data: License(), account: "a b")
    }
    await #expect(throws: PublishError.badID("a.b")) {
      try await publisher.publish(event: "license.created", data: License(), id: "a.b")
    }
    await #expect(throws: PublishError.self) {
      try await publisher.publish(
        event: "license.created", data: ["text": String(repeating: "x", count: 256 << 10)])
    }
    await #expect(throws: PublishError.self) {
      try await publisher.publish(event: "license.created", data: ["x": Double.nan])
    }
  }

  @Test func aBrokerThatIsAwayIsWaitedForUntilTheTimeIsOverOrTheCallerGivesUp() async throws {
    var settings = nowhere
    settings.timeout = .milliseconds(300)
    let publisher = try EventPublisher(settings)
    let clock = ContinuousClock()
    let start = clock.now
    let error = await #expect(throws: PublishError.self) {
      try await publisher.publish(event: "license.created", data: License())
    }
    #expect(clock.now - start >= .milliseconds(300))
    guard case .broker(.unreachable) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    settings.timeout = .seconds(600)
    let patient = try EventPublisher(settings)
    let waiting = Task { try await patient.publish(event: "license.created", data: License()) }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    settings.waitsForBroker = false
    let impatient = try EventPublisher(settings)
    await #expect(throws: PublishError.self) {
      try await impatient.publish(event: "license.created", data: License())
    }
  }

  @Test func whatWasHandedInBeforeTheEndIsPublishedAndNothingAfterIt() async throws {
    let (settings, broker) = try settings(try RabbitMQServer.shared.get())
    let publisher = try EventPublisher(settings)
    await publisher.shutdown()
    await #expect(throws: PublishError.stopped) {
      try await publisher.publish(event: "license.created", data: License())
    }
    let other = try EventPublisher(settings)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<100 {
        group.addTask {
          try await other.publish(event: "license.created", data: License(), id: "s\(number)")
        }
      }
      try await group.next()
      await other.shutdown()
      var confirmed = 1
      while let result = await group.nextResult() {
        if case .success = result { confirmed += 1 }
      }
      #expect(Set(try published(broker, atLeast: confirmed).map(\.id)).count == confirmed)
    }
  }
}
