import Foundation
import SealpostBroker
import SealpostCore

/// Publishes messages for commands and waits for the broker's confirms. Blocks.
struct Publishing {
  /// A message to publish.
  struct Draft {
    var routingKey: String
    var id: String
    var body: [UInt8]
    var headers: [(key: String, value: String)] = []
  }

  private static let window = 1000

  let broker: BrokerSettings
  let exchange: String

  /// Publishes `count` messages, at most `rate` a second, and gives the seconds it took.
  func publish(count: Int, rate: Int?, _ draft: (Int) -> Draft) throws -> Double {
    let publisher = try ConfirmingPublisher(
      connection: try BrokerConnection.open(broker, name: "sealpost publish"))
    let clock = ContinuousClock()
    let start = clock.now
    var shown = start
    var lastNews = start
    var sent = 0
    var confirmed = 0
    var failure: String?
    while confirmed < count, failure == nil {
      let elapsed = (clock.now - start) / .seconds(1)
      let allowed = rate.map { min(count, Int(elapsed * Double($0)) + 1) } ?? count
      while sent < allowed, publisher.outstanding < Self.window, publisher.blockedReason == nil {
        try send(draft(sent + 1), publisher)
        sent += 1
      }
      try publisher.process(waitMilliseconds: sent < count && sent >= allowed ? 5 : 100) {
        _, outcome in
        lastNews = clock.now
        switch outcome {
        case .confirmed: confirmed += 1
        case .returned(_, let words):
          failure =
            "no queue is bound for it (\(words)): run `sealpost serve` once, or `sealpost check`"
        case .refused: failure = "its queue refused it"
        }
      }
      if publisher.outstanding > 0, clock.now - lastNews > .seconds(10) {
        failure = publisher.blockedReason ?? "no confirm came within 10 s"
      }
      if count > 1, clock.now - shown > .milliseconds(200) {
        shown = clock.now
        Output.progress("confirmed \(confirmed) of \(count)")
      }
    }
    Output.progress("")
    if let failure {
      throw Failure(
        "The broker did not take the event: \(failure). Confirmed before: \(confirmed).",
        exitCode: Failure.unavailable)
    }
    return (clock.now - start) / .seconds(1)
  }

  private func send(_ draft: Draft, _ publisher: ConfirmingPublisher) throws {
    _ = try draft.body.withUnsafeBytes { body in
      try Array(draft.id.utf8).withUnsafeBytes { id in
        try publisher.publish(
          OutgoingMessage(
            exchange: exchange, routingKey: draft.routingKey, body: body,
            messageID: id.isEmpty ? nil : id,
            headers: draft.headers.map { ($0.key, .text($0.value)) }))
      }
    }
  }
}
