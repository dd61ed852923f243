import ArgumentParser
import Foundation
import SealpostControl

/// The parts of a webhook that `add` and `edit` share.
struct WebhookOptions: ParsableArguments {
  @Option(help: "What the webhook is called.") var name: String?
  @Option(help: "Where deliveries go.") var url: String?
  @Option(help: "The token that signs deliveries.") var token: String?
  @Option(help: "What it listens to, with commas: license.created,user.* or *.") var events: String?
  @Option(help: "How deliveries are signed: hmac-sha256, standard or standard-ed25519.") var scheme:
    String?
  @Option(name: .customLong("header"), help: "A header of its own, 'Name: value'; may be repeated.")
  var headers: [String] = []

  @Option(help: "Seconds that the receiver has to answer; 0 for SEALPOST_DELIVERY_TIMEOUT.")
  var timeout: Double?

  @Option(help: "A file with a certificate (PEM) that is shown to a receiver that asks for one.")
  var clientCertificate: String?
  @Option(help: "A file with its private key (PEM).") var clientKey: String?

  /// The same as the API takes it.
  var input: WebhookInput {
    get throws {
      var input = WebhookInput()
      input.name = name
      input.url = url
      input.token = token
      input.events = events?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      input.scheme = scheme
      input.headers = headers.isEmpty ? nil : try headers.map(Self.parsed)
      input.timeout = timeout.map { $0 == 0 ? nil : $0 }
      input.clientCertificate = try certificate.map { .some($0) }
      return input
    }
  }

  private var certificate: ClientCertificateInput? {
    get throws {
      switch (clientCertificate, clientKey) {
      case (nil, nil): return nil
      case (let certificate?, let key?):
        return ClientCertificateInput(
          certificate: try Self.contents(certificate, "--client-certificate"),
          key: try Self.contents(key, "--client-key"))
      default: throw Failure("--client-certificate and --client-key belong together: give both.")
      }
    }
  }

  private static func contents(_ file: String, _ option: String) throws -> String {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw Failure("\(option) names \(file), which cannot be read as text.")
    }
    return text
  }

  private static func parsed(_ header: String) throws -> (name: String, value: String) {
    guard let colon = header.firstIndex(of: ":") else {
      throw Failure("--header must be 'Name: value'.")
    }
    return (
      String(header[..<colon]),
      header[header.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    )
  }
}
