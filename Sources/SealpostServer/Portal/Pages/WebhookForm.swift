import Foundation
import SealpostControl
import SealpostCore

/// What somebody filled into the form of a webhook, as text.
struct WebhookForm {
  /// The fields of a retry policy, in the order of the form.
  static let retryNames = ["initialSeconds", "factor", "maximumSeconds", "maximumAttempts"]

  var name = ""
  var url = ""
  var token = ""
  /// Names and patterns that were checked or written.
  var events: [String] = []
  var isActive = true
  var scheme = SignatureScheme.hmacSHA256.rawValue
  var headers = ""
  var timeout = ""
  var clientCertificate = ""
  var clientKey = ""
  var removesClientCertificate = false
  var retry: [String: String] = [:]

  /// The form of a webhook that is to be added.
  init() {}

  /// The form of a webhook that is there.
  init(_ webhook: Webhook) {
    name = webhook.name
    url = webhook.url.text
    events = webhook.events.map(\.text)
    isActive = webhook.isActive
    scheme = webhook.scheme.rawValue
    headers = webhook.headers.map { "\($0.name): \(WebhookView.hiddenValue)" }
      .joined(separator: "\n")
    timeout = webhook.timeout.map { Self.plain($0 / .seconds(1)) } ?? ""
    if let policy = webhook.retry {
      retry = [
        "initialSeconds": Self.plain(policy.initial / .seconds(1)),
        "factor": Self.plain(policy.factor),
        "maximumSeconds": Self.plain(policy.maximumDelay / .seconds(1)),
        "maximumAttempts": "\(policy.maximumAttempts)",
      ]
    }
  }

  /// What was sent.
  init(_ fields: FormFields) {
    name = fields["name"] ?? ""
    url = fields.filled("url") ?? ""
    token = fields["token"] ?? ""
    let written = (fields["patterns"] ?? "").split { ", \t\r\n".contains($0) }.map(String.init)
    for event in fields.all("events") + written where !events.contains(event) {
      events.append(event)
    }
    isActive = fields["active"] != nil
    scheme = fields["scheme"] ?? ""
    headers = fields["headers"] ?? ""
    timeout = fields.filled("timeout") ?? ""
    clientCertificate = fields.filled("clientCertificate") ?? ""
    clientKey = fields.filled("clientKey") ?? ""
    removesClientCertificate = fields["removeClientCertificate"] != nil
    for name in Self.retryNames { retry[name] = fields.filled(name) }
  }

  /// What the form asks for, and what of it cannot be read. What cannot be read is asked for as something
  /// that is refused, so that all faults come back at once and nothing is done.
  ///
  /// - Parameter webhook: the one that is changed: only what differs from it is asked for.
  func input(changing webhook: Webhook? = nil) -> (input: WebhookInput, faults: [FieldFault]) {
    var input = WebhookInput()
    let before = webhook.map { WebhookForm($0) }
    if name != before?.name { input.name = name }
    if url != before?.url { input.url = url }
    if !token.isEmpty { input.token = token }
    if Set(events) != before.map({ Set($0.events) }) { input.events = events }
    // Saying again that it is active would make a failing webhook healthy.
    if isActive != before?.isActive { input.active = isActive }
    if scheme != before?.scheme { input.scheme = scheme }
    var faults: [FieldFault] = []
    var pairs = headerPairs(&faults)
    if !faults.isEmpty { pairs = [(name: "", value: "")] }
    if headerText(pairs) != before?.headers { input.headers = pairs }
    let headerFaults = faults.count
    var policy = retryInput(&faults)
    if faults.count > headerFaults { policy.maximumAttempts = 0 }
    var known: [FieldFault] = []
    if policy != before?.retryInput(&known) ?? RetryInput() {
      input.retry = policy
    }
    if timeout != before?.timeout ?? "" { input.timeout = .some(timeoutInput(&faults)) }
    if !clientCertificate.isEmpty || !clientKey.isEmpty {
      input.clientCertificate = ClientCertificateInput(
        certificate: clientCertificate, key: clientKey)
    } else if removesClientCertificate {
      input.clientCertificate = .some(nil)
    }
    return (input, faults)
  }

  private func headerText(_ pairs: [(name: String, value: String)]) -> String {
    pairs.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
  }

  private func headerPairs(_ faults: inout [FieldFault]) -> [(name: String, value: String)] {
    var pairs: [(name: String, value: String)] = []
    for line in headers.split(whereSeparator: \.isNewline) {
      let line = line.trimmingCharacters(in: .whitespaces)
      if line.isEmpty { continue }
      let sides = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2 else {
        faults.append(
          FieldFault(
            field: "headers", code: "bad_header",
            message: "\"\(line)\" has no colon: write a name, a colon and a value."))
        continue
      }
      pairs.append(
        (
          sides[0].trimmingCharacters(in: .whitespaces),
          sides[1].trimmingCharacters(in: .whitespaces)
        ))
    }
    return pairs
  }

  private func timeoutInput(_ faults: inout [FieldFault]) -> Double? {
    if timeout.isEmpty { return nil }
    if let number = Double(timeout), number.isFinite { return number }
    faults.append(
      FieldFault(field: "timeout", code: "bad_number", message: "\"\(timeout)\" is no number."))
    return 0
  }

  private func retryInput(_ faults: inout [FieldFault]) -> RetryInput {
    func number(_ name: String) -> Double? {
      guard let text = retry[name] else { return nil }
      guard let number = Double(text), number.isFinite else {
        faults.append(
          FieldFault(field: name, code: "bad_number", message: "\"\(text)\" is no number."))
        return nil
      }
      return number
    }
    var input = RetryInput()
    input.initialSeconds = number("initialSeconds")
    input.factor = number("factor")
    input.maximumSeconds = number("maximumSeconds")
    if let text = retry["maximumAttempts"] {
      input.maximumAttempts = Int(text)
      if input.maximumAttempts == nil {
        faults.append(
          FieldFault(
            field: "maximumAttempts", code: "bad_number", message: "\"\(text)\" is no whole number."
          ))
      }
    }
    return input
  }

  /// A number without needless digits.
  static func plain(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e9 ? "\(Int(number))" : "\(number)"
  }
}
