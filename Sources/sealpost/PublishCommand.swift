import ArgumentParser
import Foundation
import SealpostCore
import SealpostPublisher

struct PublishCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "publish", abstract: "Publishes an event, and returns when the broker has it.",
    discussion: """
        sealpost publish license.created
        sealpost publish license.created --data license.json --account acme --id evt_1
        echo '{"key":"D08B53"}' | sealpost publish license.renewed --data -
        sealpost publish license.created --count 10000 --rate 500
      """)

  /// How many events are unconfirmed at once.
  private static let window = 1000

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
      let publisher = EventPublisher(
        broker: try settings.broker,
        rules: PublishingRules(
          connectionName: "sealpost publish", maximumInFlight: Self.window, timeout: .seconds(10),
          waitsForBroker: false), maximumEventBytes: try settings.maximumEventBytes)
      let id = id ?? "evt_" + UUID().uuidString.lowercased()
      let seconds = try await publish(body, as: id, by: publisher)
      if count == 1 {
        print("confirmed \(event) \(id)")
      } else {
        let perSecond = Int(Double(count) / max(seconds, 0.001))
        print("confirmed \(count) events in \(String(format: "%.1f", seconds)) s, \(perSecond)/s")
      }
    }
  }

  /// Publishes the events, a window of them at a time, and gives the seconds it took.
  private func publish(_ body: [UInt8], as id: String, by publisher: EventPublisher) async throws
    -> Double
  {
    let clock = ContinuousClock()
    let start = clock.now
    var shown = start
    var confirmed = 0
    func noteConfirmed() {
      confirmed += 1
      guard clock.now - shown > .milliseconds(200) else { return }
      shown = clock.now
      Output.progress("confirmed \(confirmed) of \(count)")
    }
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 1...count {
          if number > Self.window, try await group.next() != nil { noteConfirmed() }
          if let rate {
            let due = start + .seconds(1) * (Double(number - 1) / Double(rate))
            if due > clock.now { try await clock.sleep(until: due) }
          }
          let id = count == 1 ? id : "\(id)-\(number)"
          group.addTask { [account] in
            try await publisher.publish(body: body, account: account, id: id)
          }
        }
        while try await group.next() != nil { noteConfirmed() }
      }
    } catch let error as PublishError {
      Output.progress("")
      throw Failure(
        "The broker did not take the event: \(error.sentence) Confirmed before: \(confirmed).",
        exitCode: Failure(error).exitCode)
    }
    Output.progress("")
    await publisher.shutdown()
    return (clock.now - start) / .seconds(1)
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
