import ArgumentParser
import Foundation
import Hummingbird
import Logging
import SealpostCore
import SealpostSigning

struct ListenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "listen", abstract: "Receives deliveries, for trying things out.",
    discussion: """
      Prints each delivery and whether its signature holds.

        sealpost listen --token secret
        sealpost listen --port 9091 --status 503
      """)

  @Option(help: "The port on 127.0.0.1.") var port = 9090
  @Option(help: "The webhook's token; without it signatures are not checked.") var token: String?
  @Option(
    help:
      "The webhook's scheme: hmac-sha256, standard, or standard-ed25519 with its public key as the token."
  )
  var scheme = "hmac-sha256"
  @Option(help: "The status to answer with.") var status = 200
  @Flag(help: "Print each delivery as a line of JSON.") var json = false

  func validate() throws {
    guard SignatureScheme(rawValue: scheme) != nil else {
      throw ValidationError("--scheme must be hmac-sha256, standard or standard-ed25519.")
    }
    guard (200...599).contains(status) else {
      throw ValidationError("--status must be 200 to 599.")
    }
  }

  func run() async throws {
    try await reporting {
      let printer = DeliveryPrinter(
        token: token.map { WebhookToken($0) },
        scheme: SignatureScheme(rawValue: scheme) ?? .hmacSHA256, json: json)
      let status = status
      let router = Router()
      router.on("**", method: .post) { request, _ in
        let body = try await request.body.collect(upTo: 2 << 20)
        printer.show(request.head.headerFields, request.uri.path, Array(buffer: body))
        return Response(status: .init(code: status))
      }
      var logger = Logger(label: "listen") { StreamLogHandler.standardError(label: $0) }
      logger.logLevel = .error
      Output.note("listening on http://127.0.0.1:\(port)/, answering \(status)")
      let application = Application(
        router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
        logger: logger)
      try await application.runService()
    }
  }
}
