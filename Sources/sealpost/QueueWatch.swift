import ArgumentParser
import Foundation
import SealpostBroker
import SealpostControl
import SealpostCore

/// Shows the queues again and again, until somebody has seen enough.
struct QueueWatch {
  /// One reading as JSON.
  private struct View: Encodable {
    let at: String
    let queues: [QueueView]
  }

  private static let controlC: UInt8 = 3
  private static let controlZ: UInt8 = 26
  private static let refresh: Int32 = 1000
  /// How old figures may be without a word about it.
  private static let patience = Duration.seconds(6)

  let monitor: QueueMonitor

  /// A line for each reading, or each queue of it, until the process is told to end.
  func printLines(asJSON: Bool) async throws {
    var last: Timestamp?
    while !Task.isCancelled {
      if let reading = monitor.latest, reading.at != last {
        last = reading.at
        if asJSON {
          try Output.jsonLine(Self.view(reading))
        } else {
          let table = QueueTable(reading, names: monitor.settings.names)
          for line in table.plainLines(at: reading.at) { print(line) }
          Output.flush()
        }
      }
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  /// A table that stays in its place, until `q`. Blocks.
  ///
  /// - Throws: `ExitCode` where a signal ended it.
  func show() throws {
    let terminal = Terminal()
    defer { terminal.close() }
    let style = TerminalStyle()
    var most = 1
    while true {
      let width = terminal.size.columns
      var lines = [style.aside("looking …")]
      if let reading = monitor.latest {
        let table = QueueTable(reading, names: monitor.settings.names)
        // The largest that was seen, so that a bar that shrinks is a queue that shrinks.
        most = max(most, table.rows.map(\.messages).max() ?? 1)
        lines =
          [heading(reading, width: width, style), ""]
          + table.lines(width: width, most: most, style: style)
          + problem(reading, width: width, style)
      }
      terminal.draw(lines.map(style.plain))
      switch terminal.wait(milliseconds: Self.refresh) {
      case .key(UInt8(ascii: "q")), .key(UInt8(ascii: "Q")), .gone: return
      case .key(Self.controlC), .signal(SIGINT): throw ExitCode(130)
      case .signal(let number): throw ExitCode(128 + number)
      case .key(Self.controlZ): terminal.suspend()
      case .key, .time, .resized: break
      }
    }
  }

  private func heading(_ reading: QueueMonitor.Reading, width: Int, _ style: TerminalStyle)
    -> String
  {
    let time = reading.at.iso8601.dropFirst(11).prefix(8)
    return style.aside(String("\(time) UTC, every two seconds; q quits".prefix(width)))
  }

  private func problem(_ reading: QueueMonitor.Reading, width: Int, _ style: TerminalStyle)
    -> [String]
  {
    let age = Timestamp.now() - reading.at
    guard age > Self.patience else { return [] }
    let why = Inert.text(monitor.problem ?? "the broker does not answer")
    let text = "These figures are \(age.components.seconds) s old: \(why)"
    return ["", style.alarm(String(text.prefix(width)))]
  }

  private static func view(_ reading: QueueMonitor.Reading) -> View {
    View(at: reading.at.iso8601, queues: reading.queues.map(QueueView.init))
  }
}
