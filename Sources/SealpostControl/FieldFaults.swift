import SealpostCore
import SealpostSigning

/// Collects what is wrong with a request, field by field, so that its sender learns all of it at once.
struct FieldFaults {
  private(set) var all: [FieldFault] = []

  /// Notes a fault.
  mutating func add(_ field: String, _ code: String, _ message: String) {
    all.append(FieldFault(field: field, code: code, message: message))
  }

  /// The value that the work gives; nil, and a fault, where it throws.
  mutating func check<T>(_ field: String, _ work: () throws -> T) -> T? {
    do {
      return try work()
    } catch {
      let (code, message) = Self.words(error)
      add(field, code, message)
      return nil
    }
  }

  /// Throws where there are faults.
  func throwIfAny() throws(ControlError) {
    if !all.isEmpty { throw .invalid(all) }
  }

  private static func words(_ error: any Error) -> (code: String, message: String) {
    switch error {
    case let error as WebhookURLError: (error.id, error.sentence)
    case let error as EventPattern.ParseError: ("bad_event_pattern", error.sentence)
    case let error as WebhookHeader.Refusal: ("bad_header", error.sentence)
    case let error as SigningError: ("bad_token", error.sentence)
    case let error as ClientCertificateFault: ("bad_client_certificate", error.sentence)
    case let error as FieldFault: (error.code, error.message)
    default: ("invalid", "\(error)")
    }
  }
}

extension FieldFault: Error {}
