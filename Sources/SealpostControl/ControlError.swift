import SealpostBroker
import SealpostCore
import SealpostSigning
import SealpostStore

/// Why something that was asked for is not done.
public struct ControlError: Error, Sendable {
  /// What kind of answer it calls for.
  public enum Kind: Hashable, Sendable {
    /// The request is wrong; it says how to mend it.
    case invalid
    /// Nobody knows who asks.
    case unauthenticated
    /// Whoever asks may not.
    case forbidden
    /// There is no such thing, or it is another account's.
    case notFound
    /// It does not go with what is there.
    case conflict
    /// The request is too large.
    case tooLarge
    /// Too much in too short a time; how long to wait.
    case tooMany(wait: Duration)
    /// The broker or the store is not to be had at the moment.
    case unavailable
    /// A fault of ours.
    case failed
  }

  /// What kind of answer it calls for.
  public var kind: Kind
  /// The stable text of the reason.
  public var code: String
  /// What is wrong and how to mend it.
  public var message: String
  /// The fields that are wrong.
  public var fields: [FieldFault]

  /// Makes an error from its parts.
  public init(_ kind: Kind, _ code: String, _ message: String, fields: [FieldFault] = []) {
    self.kind = kind
    self.code = code
    self.message = message
    self.fields = fields
  }

  /// A request with these faults.
  public static func invalid(_ faults: [FieldFault]) -> ControlError {
    ControlError(
      .invalid, faults.first?.code ?? "invalid",
      faults.map { "\($0.field): \($0.message)" }.joined(separator: " "), fields: faults)
  }

  /// A request whose one field is wrong.
  public static func invalid(_ field: String, _ code: String, _ message: String) -> ControlError {
    invalid([FieldFault(field: field, code: code, message: message)])
  }

  /// There is no such thing, or it is another account's: both look the same.
  public static func notFound(_ what: String) -> ControlError {
    ControlError(.notFound, "not_found", "There is no \(what).")
  }

  /// What any error of the layers below means to whoever asked.
  public init(_ error: any Error) {
    switch error {
    case let error as ControlError: self = error
    case let error as StoreError: self.init(store: error)
    case is BrokerError:
      self.init(
        .unavailable, "broker_unavailable", "The broker did not take it. Try again later.")
    case let error as EventFault: self.init(.invalid, error.id, error.sentence)
    case let error as SigningError: self.init(.invalid, "bad_token", error.sentence)
    default: self.init(.failed, "internal_error", "Sealpost failed. Its log says why.")
    }
  }

  private init(store error: StoreError) {
    switch error {
    case .notFound: self.init(.notFound, "not_found", error.sentence)
    case .refused: self.init(.conflict, "refused", error.sentence)
    case .tooMuchWork: self.init(.invalid, "narrow_the_query", error.sentence)
    case .quotaReached: self.init(.conflict, "quota_reached", error.sentence)
    case .busy, .full:
      self.init(.unavailable, "store_unavailable", "The store is busy or full. Try again later.")
    default: self.init(.failed, "internal_error", "The store failed. Sealpost's log says why.")
    }
  }
}
