public import Foundation
package import SealpostBroker
import SealpostCore

/// Publishes events for Sealpost to deliver, each confirmed by the broker.
///
/// ```swift
/// let publisher = try EventPublisher(PublisherSettings(url: "amqp://publisher:secret@broker:5672/sealpost"))
/// try await publisher.publish(event: "license.created", data: license, account: "acme")
/// await publisher.shutdown()
/// ```
///
/// One connection and one thread of its own, made when they are first needed; make one publisher for a process.
/// Calls may be made from any number of tasks, and each returns when the broker has its event. A connection that
/// breaks is made again, and what was unconfirmed is sent again with the same identity: an event can come twice,
/// which receivers tell by its identity, and none whose call returned is lost.
public final class EventPublisher: Sendable {
  private let publisher: MessagePublisher<PublishedEvent>
  private let maximumEventBytes: Int

  /// Makes a publisher, which connects when it has something to publish.
  ///
  /// - Throws: where the URL is none.
  public convenience init(_ settings: PublisherSettings) throws(PublishError) {
    let urls: [BrokerURL]
    do throws(BrokerError) {
      urls = try BrokerURL.list(settings.url)
    } catch {
      throw .broker(error)
    }
    self.init(
      broker: BrokerSettings(urls: urls, eventsExchange: settings.exchange),
      rules: PublishingRules(
        connectionName: settings.connectionName, maximumInFlight: max(1, settings.maximumInFlight),
        timeout: settings.timeout, waitsForBroker: settings.waitsForBroker),
      maximumEventBytes: settings.maximumEventBytes)
  }

  /// Makes a publisher for a broker whose settings were read before.
  package init(broker: BrokerSettings, rules: PublishingRules, maximumEventBytes: Int) {
    self.maximumEventBytes = maximumEventBytes
    publisher = MessagePublisher(settings: broker, rules: rules)
  }

  /// Publishes an event and returns when the broker has it.
  ///
  /// - Parameters:
  ///   - event: its name, such as `license.created`.
  ///   - data: what is encoded as a JSON object.
  ///   - account: the tenant that it belongs to.
  ///   - id: its identity, by which receivers drop duplicates; one is made where it is left out.
  ///   - triggeredAt: when it happened.
  /// - Returns: its identity.
  /// - Throws: `PublishError`; `CancellationError` where the task is cancelled, and then the broker may have it.
  @discardableResult
  public func publish(
    event: String, data: some Encodable, account: String = "default", id: String? = nil,
    triggeredAt: Date = Date()
  ) async throws -> String {
    guard EventName.isValid(event) else { throw PublishError.invalidEvent(.badEventName) }
    let encoded: Data
    do {
      encoded = try JSONEncoder().encode(data)
    } catch {
      throw PublishError.badData("\(error)")
    }
    let nanoseconds = (triggeredAt.timeIntervalSince1970 * 1e9).rounded()
    guard let nanoseconds = Int64(exactly: nanoseconds) else {
      throw PublishError.invalidEvent(.badTriggeredAt)
    }
    let time = Timestamp(nanoseconds: nanoseconds).iso8601
    var body = Array(#"{"event":"\#(event)","data":"#.utf8)
    body += encoded
    body += Array(#","triggeredAt":"\#(time)"}"#.utf8)
    return try await publish(body: body, account: account, id: id)
  }

  /// Publishes an event whose JSON is there already, byte for byte; see above.
  @discardableResult
  public func publish(body: [UInt8], account: String = "default", id: String? = nil) async throws
    -> String
  {
    let id = id ?? "evt_" + UUID().uuidString.lowercased()
    guard EventID.isValid(id) else { throw PublishError.badID(id) }
    let name = try name(of: body, account: account)
    try await publisher.publish([PublishedEvent(name: name, id: id, account: account, body: body)])
    return id
  }

  /// Ends what was handed in before and closes the connection; further calls fail.
  public func shutdown() async { await publisher.shutdown() }

  /// The name of an event that the worker will take.
  private func name(of body: [UInt8], account: String) throws -> String {
    guard AccountID.isValid(account) else { throw PublishError.invalidEvent(.badAccount) }
    guard body.count <= maximumEventBytes else {
      throw PublishError.invalidEvent(
        .tooLarge(bytes: body.count, limit: maximumEventBytes))
    }
    var scanner = EventScanner()
    do {
      return try body.withUnsafeBytes { bytes in
        String(decoding: try scanner.scan(bytes).name, as: UTF8.self)
      }
    } catch let fault as EventFault {
      throw PublishError.invalidEvent(fault)
    }
  }
}
