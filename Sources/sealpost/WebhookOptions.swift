import ArgumentParser
import Foundation
import SealpostCore
import SealpostSigning
import SealpostTransport

/// The parts of a webhook that `add` and `edit` share.
struct WebhookOptions: ParsableArguments {
  @Option(help: "What the webhook is called.") var name: String?
  @Option(help: "Where deliveries go.") var url: String?
  @Option(help: "The token that signs deliveries.") var token: String?
  @Option(help: "What it listens to, with commas: license.created,user.* or *.") var events: String?
  @Option(help: "How deliveries are signed: hmac-sha256 or standard.") var scheme: String?
  @Option(name: .customLong("header"), help: "A header of its own, 'Name: value'; may be repeated.")
  var headers: [String] = []

  func parsedURL(_ settings: Settings) throws -> WebhookURL? {
    guard let url else { return nil }
    let parsed = try WebhookURL(parsing: url)
    let verdict = try settings.egress.verdict(for: parsed)
    guard verdict == .allowed else { throw Failure("--url \(url): \(verdict.sentence)") }
    return parsed
  }

  func parsedEvents() throws -> [EventPattern]? {
    let patterns = try events?.split(separator: ",").map {
      try EventPattern(parsing: $0.trimmingCharacters(in: .whitespaces))
    }
    guard patterns?.isEmpty != true else { throw Failure("--events names no event.") }
    return patterns
  }

  func parsedScheme() throws -> SignatureScheme? {
    guard let scheme else { return nil }
    guard let parsed = SignatureScheme(rawValue: scheme) else {
      throw Failure("--scheme must be hmac-sha256 or standard.")
    }
    return parsed
  }

  func parsedHeaders() throws -> [WebhookHeader] {
    try headers.map { header in
      guard let colon = header.firstIndex(of: ":") else {
        throw Failure("--header must be 'Name: value'.")
      }
      return try WebhookHeader(
        name: String(header[..<colon]),
        value: header[header.index(after: colon)...].trimmingCharacters(in: .whitespaces))
    }
  }

  /// Throws where the token cannot sign by the scheme.
  static func check(_ token: WebhookToken, _ scheme: SignatureScheme) throws {
    _ = try WebhookSigner(scheme: scheme, tokens: [token])
  }
}
