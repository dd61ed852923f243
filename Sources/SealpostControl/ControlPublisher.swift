public import SealpostBroker
import SealpostCore
import SealpostPublisher
public import SealpostStore
import SealpostWorker
public import ServiceLifecycle

/// Publishes what people and programs hand in over HTTP or by a command. Fails at once where the broker is away:
/// they are there to try again.
public final class ControlPublisher: Service {
  /// A message to publish.
  public enum Message: Sendable {
    /// A new event, to the exchange that others publish to.
    case event(name: String, id: String?, account: String, body: [UInt8])
    /// A delivery as a new run, straight to what is due.
    case delivery(Resend)
    /// A rejected message as it was, straight to the queue of events.
    case rejected(id: String?, account: String?, body: [UInt8])
  }

  private let publisher: MessagePublisher<Message>

  /// Makes a publisher that connects when it has something to publish.
  public init(settings: BrokerSettings) {
    publisher = MessagePublisher(
      settings: settings,
      rules: PublishingRules(
        connectionName: "sealpost api", maximumInFlight: 1000, timeout: .seconds(10),
        waitsForBroker: false))
  }

  /// Publishes messages and returns when the broker has all of them.
  ///
  /// - Throws: where one was returned, refused, or not confirmed in time. Others may have been taken: whoever
  ///   repeats the call gives each the same identity.
  public func publish(_ messages: [Message]) async throws(BrokerError) {
    do {
      try await publisher.publish(messages)
    } catch let error as PublishError {
      throw BrokerError(error)
    } catch {
      throw .deadline("whoever asked has gone")
    }
  }

  /// Waits for a graceful shutdown, then ends the thread after what was handed in before. Nothing can be
  /// published any more then.
  public func run() async throws {
    try? await gracefulShutdown()
    await publisher.shutdown()
  }
}

extension ControlPublisher.Message: PublishableMessage {
  package func send(by publisher: ConfirmingPublisher, settings: BrokerSettings)
    throws(BrokerError) -> UInt64
  {
    switch self {
    case .event(let name, let id, let account, let body):
      return try publisher.publish(
        body, id: id, to: settings.eventsExchange, routingKey: name,
        headers: [("account", .text(account)), BrokerMessage.queuedAtHeader(.now())])
    case .rejected(let id, let account, let body):
      return try publisher.publish(
        body, id: id, to: "", routingKey: settings.names.events,
        headers: (account.map { [("account", .text($0))] } ?? [])
          + [BrokerMessage.queuedAtHeader(.now())])
    case .delivery(let resend):
      let account = Array(resend.account.utf8)
      let id = Array(resend.eventID.utf8)
      var outcome = Result<UInt64, BrokerError>.success(0)
      account.withUnsafeBytes { account in
        id.withUnsafeBytes { id in
          do throws(BrokerError) {
            outcome = .success(
              try publisher.publish(
                resend.body, id: resend.eventID, to: settings.names.due, routingKey: "resend",
                headers: RetryHeaders.outgoing(
                  eventID: id, account: account, webhook: resend.webhookID, run: resend.run,
                  attempt: 1, deferrals: 0, firstAttemptAt: nil, revision: resend.revision,
                  trigger: resend.trigger, dueAt: .now())
                  + TraceParent.headers(resend.traceparent)))
          } catch {
            outcome = .failure(error)
          }
        }
      }
      return try outcome.get()
    }
  }
}

extension BrokerError {
  init(_ error: PublishError) {
    switch error {
    case .broker(let error): self = error
    case .unroutable(let words):
      self = .notFound(
        words: "no queue is bound for it (\(words)): start a worker once, it declares them")
    case .refused: self = .deadline("its queue refused the message")
    case .unconfirmed(let why): self = .deadline(why)
    case .stopped: self = .deadline("Sealpost is stopping")
    case .invalidEvent, .badID, .badData: self = .deadline(error.sentence)
    }
  }
}
