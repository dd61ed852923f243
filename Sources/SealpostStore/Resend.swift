public import SealpostCore

/// A delivery that is to be sent again, as a new run.
public struct Resend: Sendable {
  /// The account.
  public var account: String
  /// The event's identity.
  public var eventID: String
  /// The event's name.
  public var eventName: String
  /// The bytes.
  public var body: [UInt8]
  /// The webhook's identity.
  public var webhookID: String
  /// The run.
  public var run: Int
  /// What begins the run.
  public var trigger: AttemptTrigger
  /// The store's revision.
  public var revision: Int64
  /// The trace that the event is part of.
  public var traceparent: String?

  /// Makes a delivery from its parts.
  public init(
    account: String, eventID: String, eventName: String, body: [UInt8], webhookID: String, run: Int,
    trigger: AttemptTrigger, revision: Int64, traceparent: String? = nil
  ) {
    self.account = account
    self.eventID = eventID
    self.eventName = eventName
    self.body = body
    self.webhookID = webhookID
    self.run = run
    self.trigger = trigger
    self.revision = revision
    self.traceparent = traceparent
  }
}
