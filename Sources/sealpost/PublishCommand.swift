import ArgumentParser
import Foundation
import SealpostBroker
import SealpostCore

struct PublishCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "publish", abstract: "Publishes an event, and returns when the broker has it.",
    discussion: """
        sealpost publish license.created
        sealpost publish license.created --data license.json --account acme --id evt_1
        echo '{"key":"D08B53"}' | sealpost publish license.renewed --data -
        sealpost publish license.created --count 10000 --rate 500
      """)

  @Argument(help: "The event's name, such as license.created.") var event: String
  @Option(help: "A file with the JSON object for data, - for standard input.") var data: String?
  @Option(help: "The account.") var account = AccountID.default
  @Option(help: "The event's identity; one is made where it is left out.") var id: String?
  @Option(help: "How many events; their identities get a number behind.") var count = 1
  @Option(help: "At most so many a second.") var rate: Int?
  @OptionGroup var options: SettingsOptions

  func validate() throws {
    guard AccountID.isValid(account) else { throw ValidationError(EventFault.badAccount.sentence) }
    guard id.map({ EventID.isValid($0) }) ?? true else {
      throw ValidationError("--id must be letters, digits, _ and -, at most 128.")
    }
    guard count >= 1, rate ?? 1 >= 1 else {
      throw ValidationError("--count and --rate must be at least 1.")
    }
  }

  func run() async throws {
    try await reporting {
      let settings = try await options.load()
      let body = try body(limit: try settings.maximumEventBytes)
      let broker = try settings.broker
      let (account, event, count, rate) = (account, event, count, rate)
      let id = id ?? "evt_" + UUID().uuidString.lowercased()
      let seconds = try await blocking {
        try Publishing(broker: broker, exchange: broker.eventsExchange).publish(
          count: count, rate: rate
        ) { number in
          Publishing.Draft(
            routingKey: event, id: count == 1 ? id : "\(id)-\(number)", body: body,
            headers: [("account", account)])
        }
      }
      if count == 1 {
        print("confirmed \(event) \(id)")
      } else {
        let perSecond = Int(Double(count) / max(seconds, 0.001))
        print("confirmed \(count) events in \(String(format: "%.1f", seconds)) s, \(perSecond)/s")
      }
    }
  }

  /// The event's bytes, checked as the worker will check them.
  private func body(limit: Int) throws -> [UInt8] {
    var payload = Data("{}".utf8)
    if data == "-" {
      payload = FileHandle.standardInput.readDataToEndOfFile()
    } else if let data {
      guard let read = FileManager.default.contents(atPath: data) else {
        throw Failure("--data names \(data), which cannot be read.")
      }
      payload = read
    }
    let data = String(decoding: payload, as: UTF8.self).trimmingCharacters(
      in: .whitespacesAndNewlines)
    let text = #"{"event":"\#(event)","data":\#(data),"triggeredAt":"\#(Timestamp.now().iso8601)"}"#
    let body = Array(text.utf8)
    var scanner = EventScanner()
    try body.withUnsafeBytes { _ = try scanner.scan($0) }
    guard body.count <= limit else { throw EventFault.tooLarge(bytes: body.count, limit: limit) }
    return body
  }
}
