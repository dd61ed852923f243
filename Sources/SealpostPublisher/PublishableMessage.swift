package import SealpostBroker

/// What a `MessagePublisher` publishes.
package protocol PublishableMessage: Sendable {
  /// Sends the message, whose memory need not outlast the call; its number.
  func send(by publisher: ConfirmingPublisher, settings: BrokerSettings) throws(BrokerError)
    -> UInt64
}
