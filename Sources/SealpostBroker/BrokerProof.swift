internal import CRabbitMQ

/// Proves that the broker keeps what the ladder holds. Queue arguments alone do not: a policy's
/// `overflow` beats ours, and without the feature flag `stream_queue` dead-lettering at least once is
/// silently at most once.
public enum BrokerProof {
  /// How long messages get to expire and, where the broker is unsafe, to be dropped.
  private static let patience = Duration.seconds(1)

  /// Declares a temporary queue with the ladder's arguments and room for one message, whose messages
  /// expire at once into an exchange that leads nowhere. A broker that keeps them until somebody takes
  /// them counts them against the queue's length, and so refuses what is published a second later; one
  /// that drops them has room again and takes it.
  ///
  /// Takes a second, and the connection's heartbeats go on meanwhile.
  ///
  /// - Throws: `unsafeBroker` where messages are dropped.
  public static func run(on connection: BrokerConnection, settings: BrokerSettings)
    throws(BrokerError)
  {
    let channel = try connection.openChannel()
    let name =
      "\(settings.namespace).v\(BrokerNames.topologyVersion).delay.proof.\(UInt64.random(in: .min ... .max))"
    try BrokerTopology.declare(
      TopologyPlan.Exchange(name: name, kind: "fanout", isDurable: false), connection, channel)
    defer { remove(name, connection) }
    var queue = TopologyPlan.queue(
      name, holding: 1, deadLetterExchange: name, maximumBytes: settings.levelMaximumBytes)
    // Where the worker dies during the proof, the broker clears up.
    queue.arguments += [("x-max-length", .int(1)), ("x-expires", .int(60_000))]
    try BrokerTopology.declare(queue, connection, channel)
    let publisher = try ConfirmingPublisher(connection: connection)
    for _ in 0..<3 { try publish(to: name, publisher) }
    try wait(publisher, patience) { _ in false }
    let probe = try publish(to: name, publisher)
    var outcome: PublishOutcome?
    try wait(publisher, .seconds(10)) { end in
      if end.sequence == probe { outcome = end.outcome }
      return outcome != nil
    }
    guard outcome == .refused else {
      throw .unsafeBroker(
        "a message that expired in a queue with at-least-once dead-lettering was dropped. Remove policies that set overflow or dead-letter-exchange on \(settings.namespace).* queues, and enable all feature flags with `rabbitmqctl enable_feature_flag all`"
      )
    }
  }

  @discardableResult
  private static func publish(to queue: String, _ publisher: ConfirmingPublisher)
    throws(BrokerError) -> UInt64
  {
    try publisher.publish(
      OutgoingMessage(
        exchange: "", routingKey: queue, body: UnsafeRawBufferPointer(start: nil, count: 0)))
  }

  /// Takes what the broker says for so long, or until `isEnough`.
  private static func wait(
    _ publisher: ConfirmingPublisher, _ duration: Duration,
    isEnough: ((sequence: UInt64, outcome: PublishOutcome)) -> Bool
  ) throws(BrokerError) {
    let clock = ContinuousClock()
    let deadline = clock.now + duration
    var isDone = false
    while !isDone, clock.now < deadline {
      let left = Int32((deadline - clock.now).milliseconds) + 1
      try publisher.process(waitMilliseconds: left) { isDone = isEnough(($0, $1)) || isDone }
    }
  }

  private static func remove(_ name: String, _ connection: BrokerConnection) {
    guard let channel = try? connection.openChannel() else { return }
    let arena = BytesArena()
    var queue = amqp_queue_delete_t()
    queue.queue = arena.bytes(name)
    _ = try? connection.call(
      channel, sealpost_queue_delete, queue, answer: sealpost_queue_delete_ok)
    var exchange = amqp_exchange_delete_t()
    exchange.exchange = arena.bytes(name)
    _ = try? connection.call(
      channel, sealpost_exchange_delete, exchange, answer: sealpost_exchange_delete_ok)
    amqp_maybe_release_buffers(connection.state)
  }
}
