/// Every exchange, queue and binding of ours, as data: what is declared is what tests walk.
struct TopologyPlan {
  struct Exchange {
    let name: String
    let kind: String
    var isDurable = true
  }

  struct Queue {
    let name: String
    var arguments: [(key: String, value: HeaderValue)]
  }

  struct Binding {
    enum Target { case queue(String), exchange(String) }

    let source: String
    let target: Target
    let key: String
  }

  enum Step {
    case exchange(Exchange)
    case queue(Queue)
    case binding(Binding)
  }

  /// A message is never dropped for coming back often: what is poison is ours to decide.
  private static var deliveryLimit: (key: String, value: HeaderValue) {
    ("x-delivery-limit", .int(1_000_000))
  }

  /// In the order to declare them: from the end backwards, so that nothing can be published into a piece
  /// whose way on is missing.
  let steps: [Step]

  init(_ settings: BrokerSettings) {
    let names = settings.names
    var steps: [Step] = [
      .queue(Self.queue(names.retries)),
      .exchange(Exchange(name: names.due, kind: "topic")),
      .binding(Binding(source: names.due, target: .queue(names.retries), key: "#")),
    ]
    for level in 0..<DelayLadder.levels {
      let name = names.delay(level)
      let below = level == 0 ? names.due : names.delay(level - 1)
      let timeToLive = settings.delayUnit.milliseconds << Int64(level)
      steps += [
        .exchange(Exchange(name: name, kind: "topic")),
        .queue(
          Self.queue(
            name,
            holding: max(1, timeToLive), deadLetterExchange: below,
            maximumBytes: settings.levelMaximumBytes)),
        .binding(
          Binding(
            source: name, target: .queue(name),
            key: DelayLadder.bindingKey(level: level, isWait: true))),
        .binding(
          Binding(
            source: name, target: .exchange(below),
            key: DelayLadder.bindingKey(level: level, isWait: false))),
      ]
    }
    steps += [
      .queue(Self.queue(names.rejected)),
      .exchange(Exchange(name: names.notices, kind: "topic")),
      .exchange(Exchange(name: names.control, kind: "fanout", isDurable: false)),
      .queue(Self.queue(names.bulk)),
      .queue(Self.queue(names.events)),
      .binding(Binding(source: names.notices, target: .queue(names.events), key: "#")),
      .exchange(Exchange(name: names.eventsExchange, kind: "topic")),
      .binding(Binding(source: names.eventsExchange, target: .queue(names.events), key: "#")),
    ]
    self.steps = steps
  }

  private static func queue(_ name: String) -> Queue {
    Queue(name: name, arguments: [("x-queue-type", .text("quorum")), deliveryLimit])
  }

  /// A queue that holds each message for a time and then hands it to an exchange, and keeps it until that
  /// one has taken it.
  static func queue(
    _ name: String, holding milliseconds: Int64, deadLetterExchange: String, maximumBytes: Int64
  ) -> Queue {
    Queue(
      name: name,
      arguments: [
        ("x-queue-type", .text("quorum")), deliveryLimit, ("x-message-ttl", .int(milliseconds)),
        ("x-dead-letter-exchange", .text(deadLetterExchange)),
        ("x-dead-letter-strategy", .text("at-least-once")),
        ("x-overflow", .text("reject-publish")), ("x-max-length-bytes", .int(maximumBytes)),
      ])
  }
}
