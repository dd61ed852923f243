/// What is wrong with one part of a request, and how to mend it.
public struct FieldFault: Hashable, Sendable, Encodable {
  /// The field's name as requests have it, such as `url`.
  public var field: String
  /// The stable text of the reason.
  public var code: String
  /// What is wrong and how to mend it.
  public var message: String

  /// Makes a fault from its parts.
  public init(field: String, code: String, message: String) {
    self.field = field
    self.code = code
    self.message = message
  }
}
