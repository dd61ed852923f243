package import SealpostBroker
import SealpostCore

/// An event on its way to the exchange that events are published to.
struct PublishedEvent: PublishableMessage {
  let name: String
  let id: String
  let account: String
  let body: [UInt8]

  func send(by publisher: ConfirmingPublisher, settings: BrokerSettings) throws(BrokerError)
    -> UInt64
  {
    try publisher.publish(
      body, id: id, to: settings.eventsExchange, routingKey: name,
      headers: [("account", .text(account)), BrokerMessage.queuedAtHeader(.now())])
  }
}

extension ConfirmingPublisher {
  /// Sends bytes as a message; its number.
  package func publish(
    _ body: [UInt8], id: String?, to exchange: String, routingKey: String,
    headers: [(key: String, value: HeaderValue)]
  ) throws(BrokerError) -> UInt64 {
    var outcome = Result<UInt64, BrokerError>.success(0)
    body.withUnsafeBytes { body in
      Array((id ?? "").utf8).withUnsafeBytes { id in
        do throws(BrokerError) {
          outcome = .success(
            try publish(
              OutgoingMessage(
                exchange: exchange, routingKey: routingKey, body: body,
                messageID: id.isEmpty ? nil : id, headers: headers)))
        } catch {
          outcome = .failure(error)
        }
      }
    }
    return try outcome.get()
  }
}
