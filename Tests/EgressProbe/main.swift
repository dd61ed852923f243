import Foundation
import Glibc
import SealpostCore
import SealpostTransport

// Reads a command a line from standard input and answers each with a line of JSON, before it reads the next:
// makes an engine, changes its policy, or sends one request and tells what came of it.

struct Command: Decodable {
  /// `engine`, `policy`, `send` (a URL as webhooks have it) or `raw` (a text as libcurl alone reads it).
  var what: String
  var url: String?
  var headers: [String: String]?
  var allow: [String]?
  var httpsOnly: Bool?
}

struct Answer: Encodable {
  var locale: String?
  /// Why the request is not made at all.
  var refused: String?
  var status: Int?
  var reason: String?
  var address: String?
}

final class Probe {
  private let poller: Poller
  private let settings: TransportSettings
  private var policy = EgressPolicy()
  private var engine: HTTPEngine
  private var engines: UInt64 = 1

  init(authorities: String) throws {
    settings = TransportSettings(
      userAgent: "probe", connectTimeout: .seconds(2), deliveryTimeout: .seconds(3),
      authorities: TrustedAuthorities(only: authorities))
    poller = try Poller()
    engine = try HTTPEngine(poller: poller, tokenBase: 1 << 32, settings: settings, egress: policy)
  }

  func answer(_ command: Command) throws -> Answer {
    switch command.what {
    case "engine":
      engines += 1
      engine = try HTTPEngine(
        poller: poller, tokenBase: engines << 32, settings: settings, egress: policy)
      return Answer()
    case "policy":
      policy = EgressPolicy(
        allow: try (command.allow ?? []).map { try AddressBlock(parsing: $0) },
        isHTTPSOnly: command.httpsOnly == true)
      engine.replacePolicy(policy)
      return Answer()
    default:
      do {
        return try send(try target(command))
      } catch {
        return Answer(refused: "\(error)")
      }
    }
  }

  /// What the save-time rules let through.
  private func target(_ command: Command) throws -> HTTPTarget {
    let text = command.url ?? ""
    // For the library that leads connections elsewhere.
    setenv("SECURE", text.lowercased().hasPrefix("https:") ? "yes" : "no", 1)
    guard command.what == "send" else { return try engine.makeTarget(unchecked: text) }
    return try engine.makeTarget(
      url: try WebhookURL(parsing: text),
      headers: try (command.headers ?? [:]).map { try WebhookHeader(name: $0, value: $1) })
  }

  private func send(_ target: HTTPTarget) throws -> Answer {
    var answer: Answer?
    try engine.start(target, body: UnsafeRawBufferPointer(start: nil, count: 0), token: 0) { head in
      head.append("Content-Type: application/json")
    }
    while answer == nil {
      engine.turn()
      engine.collect { _, result in
        answer = Answer(
          status: result.status, reason: result.failure?.id, address: result.remoteAddress)
      }
      guard answer == nil else { break }
      let timeout = engine.timeoutMilliseconds()
      try poller.wait(timeoutMilliseconds: timeout < 0 ? 100 : min(timeout, 100)) { token, events in
        if token >> 32 == engines { engine.socketReady(token: token, events: events) }
      }
    }
    return answer ?? Answer()
  }
}

func say(_ answer: Answer) throws {
  let line = try JSONEncoder().encode(answer) + Data("\n".utf8)
  FileHandle.standardOutput.write(line)
}

let locale = setlocale(LC_ALL, "").map { String(cString: $0) }
try say(Answer(locale: locale))
let probe = try Probe(authorities: CommandLine.arguments[1])
while let line = readLine() {
  try say(try probe.answer(try JSONDecoder().decode(Command.self, from: Data(line.utf8))))
}
