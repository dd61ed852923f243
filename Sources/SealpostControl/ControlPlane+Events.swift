import Foundation
import SealpostCore
import SealpostSigning
import SealpostStore
import SealpostWorker

extension ControlPlane {
  /// How many events one call may bring.
  public static let mostEvents = 1000

  /// An event that the broker has.
  public struct PublishedEvent: Sendable {
    /// Its identity.
    public var id: String
    /// Its name.
    public var name: String
  }

  /// Publishes one event, or each of a JSON array of them, byte for byte as they came; returns when the
  /// broker has all of them. Nothing is published where one of them is wrong.
  ///
  /// - Parameter repeatKey: what the identities of events without one of their own come from, so that a
  ///   repeated call gives them the same.
  public func publish(
    _ json: [UInt8], account named: String?, repeatKey: String?, by principal: Principal
  ) async throws -> [PublishedEvent] {
    try principal.require(.eventWrite)
    let account = try principal.account(named: named) ?? AccountID.default
    let bodies = try EventList.split(json, most: Self.mostEvents)
    var scanner = EventScanner()
    var published: [PublishedEvent] = []
    for (index, body) in bodies.enumerated() {
      do {
        guard body.count <= settings.maximumEventBytes else {
          throw EventFault.tooLarge(bytes: body.count, limit: settings.maximumEventBytes)
        }
        let name = try body.withUnsafeBytes { bytes in
          String(decoding: try scanner.scan(bytes).name, as: UTF8.self)
        }
        let id = try EventList.identity(of: body) ?? Self.identity(repeatKey, principal, index)
        published.append(PublishedEvent(id: id, name: name))
      } catch let error as EventFault {
        throw ControlError.invalid(
          bodies.count == 1 ? "event" : "events[\(index)]", error.id, error.sentence)
      }
    }
    let allowance = publishRates.take(
      published.count, of: settings.quotas.eventsPerSecond, for: account)
    guard allowance.isGranted else {
      throw ControlError(
        .tooMany(wait: .seconds(1)), "quota_reached",
        "The account may publish \(settings.quotas.eventsPerSecond) events a second: wait a second."
      )
    }
    try await publisher.publish(
      zip(published, bodies).map {
        .event(name: $0.name, id: $0.id, account: account, body: Array($1))
      })
    return published
  }

  /// Publishes one event for a command or a form: a name and its data, a JSON object.
  public func publish(name: String, data: String, account: String?, by principal: Principal)
    async throws -> PublishedEvent
  {
    let text =
      #"{"event":"\#(name)","data":\#(data),"triggeredAt":"\#(Timestamp.now().iso8601)"}"#
    return try await publish(Array(text.utf8), account: account, repeatKey: nil, by: principal)[0]
  }

  /// Sends a webhook a sample of an event, as a delivery of its own that no other webhook gets; returns when
  /// the broker has it. Its identity begins with `test-`, and its row of the log is like any other's.
  public func sendTest(to id: String, event name: String, by principal: Principal) async throws
    -> PublishedEvent
  {
    try principal.require(.webhookWrite)
    let webhook = try await find(id, principal)
    guard let body = EventSample.body(of: name) else {
      throw ControlError.invalid(
        "event", "unknown_event",
        "There is no sample of it: GET /v3/webhooks/events lists those that have one.")
    }
    let eventID = "test-" + UUID().uuidString.lowercased()
    try await publisher.publish([
      .delivery(
        Resend(
          account: webhook.account, eventID: eventID, eventName: name, body: body,
          webhookID: webhook.id, run: 1, trigger: .test,
          revision: webhook.revision))
    ])
    try await note("webhook.test", id, account: webhook.account, by: principal, name)
    return PublishedEvent(id: eventID, name: name)
  }

  private static func identity(_ repeatKey: String?, _ principal: Principal, _ index: Int)
    -> String
  {
    guard let repeatKey else { return "evt_" + UUID().uuidString.lowercased() }
    return Array(principal.id.utf8).withUnsafeBytes { owner in
      Array("\(repeatKey) \(index)".utf8).withUnsafeBytes { key in
        Digest.eventID(account: owner, body: key)
      }
    }
  }
}
