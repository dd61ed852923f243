import SealpostCore
import SealpostSigning
import SealpostStore
import SealpostTransport

/// What a webhook's parts may be.
struct WebhookRules {
  static let longestName = 200
  static let longestToken = 512
  static let mostEvents = 200
  static let mostHeaders = 20

  let settings: ControlSettings

  func name(_ text: String) throws(FieldFault) -> String {
    let scalars = text.unicodeScalars
    guard !scalars.allSatisfy(\.properties.isWhitespace), scalars.count <= Self.longestName,
      !scalars.contains("\0")
    else {
      throw FieldFault(
        field: "name", code: "bad_name",
        message: "Give a name of 1 to \(Self.longestName) characters.")
    }
    return text
  }

  func url(_ text: String) throws -> WebhookURL {
    let url = try WebhookURL(parsing: text)
    let verdict = settings.egress.verdict(for: url)
    guard verdict == .allowed else {
      throw FieldFault(field: "url", code: verdict.id, message: verdict.sentence)
    }
    return url
  }

  func events(_ texts: [String]) throws -> [EventPattern] {
    guard (1...Self.mostEvents).contains(texts.count) else {
      throw FieldFault(
        field: "events", code: "bad_events",
        message: "Name 1 to \(Self.mostEvents) events, such as license.created, license.* or *.")
    }
    var patterns: [EventPattern] = []
    for text in texts {
      let pattern = try EventPattern(parsing: text)
      if !patterns.contains(pattern) { patterns.append(pattern) }
    }
    return patterns
  }

  func scheme(_ text: String) throws(FieldFault) -> SignatureScheme {
    guard let scheme = SignatureScheme(rawValue: text) else {
      let known = SignatureScheme.allCases.map(\.rawValue).joined(separator: ", ")
      throw FieldFault(field: "scheme", code: "bad_scheme", message: "It must be one of \(known).")
    }
    return scheme
  }

  /// The token that was given, or one made for the scheme.
  func token(_ text: String?, _ scheme: SignatureScheme) throws -> WebhookToken {
    guard let text else {
      return scheme == .standardEd25519 ? try SigningKeyPair.make() : SigningSecret.make()
    }
    guard (1...Self.longestToken).contains(text.utf8.count), !text.unicodeScalars.contains("\0")
    else {
      throw FieldFault(
        field: "token", code: "bad_token",
        message: "Give 1 to \(Self.longestToken) bytes, or leave it out to have one made.")
    }
    let token = WebhookToken(text)
    _ = try WebhookSigner(scheme: scheme, tokens: [token])
    return token
  }

  /// Headers as they were written.
  ///
  /// - Parameter known: those that are there: a value that is written as it is shown stays what it was.
  func headers(_ pairs: [(name: String, value: String)], known: [WebhookHeader] = []) throws
    -> [WebhookHeader]
  {
    guard pairs.count <= Self.mostHeaders else {
      throw FieldFault(
        field: "headers", code: "too_many_headers", message: "At most \(Self.mostHeaders).")
    }
    var headers: [WebhookHeader] = []
    for pair in pairs {
      let kept = known.first { $0.name.lowercased() == pair.name.lowercased() }
      if pair.value == WebhookView.hiddenValue, kept == nil {
        throw FieldFault(
          field: "headers", code: "bad_header",
          message: "\(pair.name) has no value yet that could be kept: write it out.")
      }
      let value = pair.value == WebhookView.hiddenValue ? kept?.value : pair.value
      let header = try WebhookHeader(name: pair.name, value: value ?? "")
      guard !headers.contains(where: { $0.name.lowercased() == header.name.lowercased() }) else {
        throw FieldFault(
          field: "headers", code: "bad_header", message: "\(header.name) stands there twice.")
      }
      headers.append(header)
    }
    return headers
  }

  /// A limit of the webhook's own: within what the operator's allows.
  func timeout(_ seconds: Double) throws(FieldFault) -> Duration {
    let most = settings.deliveryTimeout / .seconds(1)
    guard seconds >= 1, seconds <= most else {
      let text = most == most.rounded() ? "\(Int(most))" : "\(most)"
      throw FieldFault(
        field: "timeout", code: "bad_timeout", message: "It must be 1 to \(text) seconds.")
    }
    return .seconds(seconds)
  }

  func clientCertificate(_ input: ClientCertificateInput) throws(ClientCertificateFault)
    -> ClientCertificate
  {
    try ClientCertificate(parsingChain: input.certificate, key: input.key)
  }

  /// A policy of the webhook's own: within what the operator's allows.
  func retry(_ input: RetryInput) throws(FieldFault) -> RetryPolicy? {
    guard input != RetryInput() else { return nil }
    var policy = settings.retry
    let floor = settings.retry.initial / .seconds(1)
    let most = min(86400, settings.retry.maximumDelay / .seconds(1))
    func refuse(_ what: String) -> FieldFault {
      FieldFault(field: "retry", code: "bad_retry", message: what)
    }
    if let seconds = input.initialSeconds {
      guard seconds >= floor, seconds <= most else {
        throw refuse("initialSeconds must be \(floor) to \(most).")
      }
      policy.initial = .seconds(seconds)
    }
    if let factor = input.factor {
      guard (1...10).contains(factor) else { throw refuse("factor must be 1 to 10.") }
      policy.factor = factor
    }
    if let seconds = input.maximumSeconds {
      guard seconds >= policy.initial / .seconds(1), seconds <= most else {
        throw refuse("maximumSeconds must be from initialSeconds to \(most).")
      }
      policy.maximumDelay = .seconds(seconds)
    }
    if let attempts = input.maximumAttempts {
      guard (1...settings.retry.maximumAttempts).contains(attempts) else {
        throw refuse("maximumAttempts must be 1 to \(settings.retry.maximumAttempts).")
      }
      policy.maximumAttempts = attempts
    }
    return policy
  }
}
