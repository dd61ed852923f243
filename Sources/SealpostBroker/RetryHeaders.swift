public import SealpostCore

/// What a message of the ladder says of the delivery that it carries. The pointers lead into the message.
public struct RetryHeaders {
  /// The format that this worker writes and reads.
  public static let format: Int64 = 1
  /// Attempts and deferrals beyond this are nobody's.
  private static let largestCount: Int64 = 1_000_000

  /// What a message's headers are.
  public enum Reading {
    /// There is no header that says it is a retry.
    case absent
    /// They are of a format that this worker does not know.
    case unknownFormat
    /// Something is missing or wrong; what.
    case malformed(String)
    /// All is there.
    case parsed(RetryHeaders)
  }

  /// The event's identity.
  public var eventID = UnsafeRawBufferPointer(start: nil, count: 0)
  /// The account.
  public var account = UnsafeRawBufferPointer(start: nil, count: 0)
  /// The webhook's public identity.
  public var webhook = UnsafeRawBufferPointer(start: nil, count: 0)
  /// The run.
  public var run = 0
  /// The number of the attempt to make.
  public var attempt = 1
  /// How often it was put off.
  public var deferrals = 0
  /// When the run's first attempt began; nil where none has.
  public var firstAttemptAt: Timestamp?
  /// The directory's revision that its sender saw.
  public var revision: Int64 = 0
  /// What began the run. Where the message does not say it, its number tells.
  public var trigger = AttemptTrigger.event
  /// Whether the same retry may be on its way a second time.
  public var copy = Copy.none

  /// Whether the same retry may be on its way a second time: it was published again because a worker or a
  /// connection died before anybody knew that it was confirmed.
  public enum Copy: Int64, Sendable {
    /// As far as anybody knows there is only this one.
    case none = 0
    /// There may be another with the same due time.
    case possible = 1
    /// There may be another, whose due time passed a while before this one's.
    case late = 2
    /// A lane held it for so long that it gave it back: this one goes on from where the log says.
    case returned = 3
    /// The same, but requests of it have ended whose rows the lane's worker may still be writing.
    case returnedAfterRequests = 4

    /// Whether whoever had the message before does not go on with it.
    public var isReturned: Bool { self == .returned || self == .returnedAfterRequests }
  }

  /// The header that says whether the same message may be on its way a second time.
  public static func copyHeader(_ copy: Copy) -> (key: String, value: HeaderValue) {
    (Name.copy, .int(copy.rawValue))
  }

  /// The headers of an outgoing retry.
  ///
  /// - Parameters:
  ///   - firstAttemptAt: nil where no attempt was made yet.
  ///   - trigger: what began the run.
  ///   - dueAt: when it is to be taken.
  public static func outgoing(
    eventID: UnsafeRawBufferPointer, account: UnsafeRawBufferPointer, webhook: String, run: Int,
    attempt: Int, deferrals: Int, firstAttemptAt: Timestamp?, revision: Int64,
    trigger: AttemptTrigger, copy: Copy = .none, dueAt: Timestamp
  ) -> [(key: String, value: HeaderValue)] {
    [
      (Name.format, .int(format)), (Name.eventID, .bytes(eventID)), (Name.account, .bytes(account)),
      (Name.webhook, .text(webhook)), (Name.run, .int(Int64(run))),
      (Name.attempt, .int(Int64(attempt))), (Name.deferrals, .int(Int64(deferrals))),
      (Name.firstAttempt, .int(firstAttemptAt?.nanoseconds ?? 0)), (Name.revision, .int(revision)),
      (Name.trigger, .text(trigger.name)), copyHeader(copy),
      BrokerMessage.queuedAtHeader(dueAt),
    ]
  }

  /// Notes in the headers of an outgoing message that it is published once more; one that is given back asks the
  /// log as it is, and nobody else goes on with it.
  public static func notePossibleCopy(in headers: inout [(key: String, value: HeaderValue)]) {
    guard let index = headers.firstIndex(where: { $0.key == Name.copy }) else { return }
    if case .int(let number) = headers[index].value, Copy(rawValue: number)?.isReturned == true {
      return
    }
    headers[index].value = .int(Copy.possible.rawValue)
  }

  enum Name {
    static let prefix = "sealpost-"
    static let format = "sealpost-format"
    static let eventID = "sealpost-event-id"
    static let account = "sealpost-account"
    static let webhook = "sealpost-webhook"
    static let run = "sealpost-run"
    static let attempt = "sealpost-attempt"
    static let deferrals = "sealpost-deferrals"
    static let firstAttempt = "sealpost-first-attempt"
    static let revision = "sealpost-revision"
    static let trigger = "sealpost-trigger"
    static let copy = "sealpost-copy"
  }

  /// Reads the headers of a message.
  static func read(_ headers: [AMQPField]) -> Reading {
    guard let format = headers.first(where: { $0.name(is: Name.format) }) else { return .absent }
    guard let number = format.integer else { return .malformed("\(Name.format) is no number") }
    guard number == Self.format else { return .unknownFormat }
    var retry = RetryHeaders()
    var trigger: AttemptTrigger?
    for field in headers {
      if field.name(is: Name.eventID) {
        retry.eventID = field.text ?? retry.eventID
      } else if field.name(is: Name.account) {
        retry.account = field.text ?? retry.account
      } else if field.name(is: Name.webhook) {
        retry.webhook = field.text ?? retry.webhook
      } else if field.name(is: Name.run) {
        retry.run = count(field) ?? -1
      } else if field.name(is: Name.attempt) {
        retry.attempt = count(field) ?? -1
      } else if field.name(is: Name.deferrals) {
        retry.deferrals = count(field) ?? 0
      } else if field.name(is: Name.firstAttempt), let number = field.integer, number > 0 {
        retry.firstAttemptAt = Timestamp(nanoseconds: number)
      } else if field.name(is: Name.revision) {
        retry.revision = max(0, field.integer ?? 0)
      } else if field.name(is: Name.trigger) {
        trigger = field.text.flatMap(Self.trigger)
      } else if field.name(is: Name.copy) {
        retry.copy = field.integer.flatMap { Copy(rawValue: $0) } ?? .none
      }
    }
    guard EventID.isValid(retry.eventID) else {
      return .malformed("\(Name.eventID) is no event id")
    }
    guard AccountID.isValid(retry.account) else {
      return .malformed("\(Name.account) is no account")
    }
    guard (1...128).contains(retry.webhook.count) else {
      return .malformed("\(Name.webhook) is no webhook's id")
    }
    guard retry.run >= 0 else { return .malformed("\(Name.run) is no count") }
    guard retry.attempt >= 1 else { return .malformed("\(Name.attempt) is no attempt's number") }
    retry.trigger = trigger ?? (retry.run > 0 ? .manual : .event)
    return .parsed(retry)
  }

  /// What can begin a run; nil for anything else.
  private static func trigger(_ text: UnsafeRawBufferPointer) -> AttemptTrigger? {
    AttemptTrigger.allCases.first { $0 != .retry && text.elementsEqual($0.name.utf8) }
  }

  private static func count(_ field: AMQPField) -> Int? {
    guard let number = field.integer, number >= 0 else { return nil }
    return Int(min(number, largestCount))
  }
}
