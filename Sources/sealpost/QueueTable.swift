import Foundation
import SealpostBroker
import SealpostControl
import SealpostCore

/// The queues as a table that fits a terminal. Pure.
struct QueueTable {
  /// One line of the table.
  struct Row {
    var name: String
    var messages: Int
    /// Nil for the ladder, which nobody consumes.
    var consumers: Int?
    var oldestAge: Duration
    var rates: (arriving: Double, leaving: Double)?

    /// Whether messages wait that nobody takes.
    var isForsaken: Bool { consumers == 0 && messages > 0 }
  }

  private static let barWidth = 24
  private static let titles = ["QUEUE", "MESSAGES", "IN/S", "OUT/S", "OLDEST", "CONSUMERS"]

  let rows: [Row]

  /// The rows of what was read: the ladder's levels as one.
  init(_ reading: QueueMonitor.Reading, names: BrokerNames) {
    let levels = Set((0..<DelayLadder.levels).map(names.delay))
    let isLevel = { (state: QueueState) in levels.contains(state.depth.queue) }
    var rows = reading.queues.filter { !isLevel($0) }.map {
      Row(
        name: $0.depth.queue, messages: $0.depth.messages, consumers: $0.depth.consumers,
        oldestAge: $0.oldestAge, rates: $0.rates)
    }
    let ladder = reading.queues.filter(isLevel)
    rows.append(
      Row(
        name: "\(names.delay(0))…\(DelayLadder.levels - 1)",
        messages: ladder.reduce(0) { $0 + $1.depth.messages },
        oldestAge: ladder.map(\.oldestAge).max() ?? .zero))
    self.rows = rows
  }

  /// The lines, none longer than `width`.
  ///
  /// - Parameters:
  ///   - most: what a full bar stands for.
  ///   - style: how to show what deserves attention.
  func lines(width: Int, most: Int, style: TerminalStyle) -> [String] {
    let cells =
      [Self.titles]
      + rows.map { row in
        [
          row.name, "\(row.messages)", Self.rate(row.rates?.arriving),
          Self.rate(row.rates?.leaving),
          row.messages > 0 ? Self.age(row.oldestAge) : "-",
          row.consumers.map { row.isForsaken ? "\($0) none!" : "\($0)" } ?? "-",
        ]
      }
    let widths = Self.titles.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
    let used = widths.reduce(0, +) + 2 * (widths.count - 1)
    let bar = min(Self.barWidth, width - used - 2)
    return cells.enumerated().map { index, row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        line += (column > 0 ? "  " : "") + (column == 0 ? cell + padding : padding + cell)
        if column == 1, bar >= 4 {
          line +=
            "  "
            + (index == 0
              ? String(repeating: " ", count: bar)
              : style.bar(rows[index - 1].messages, of: most, width: bar))
        }
      }
      line = String(line.prefix(width))
      if index == 0 { return style.title(line) }
      return rows[index - 1].isForsaken ? style.alarm(line) : line
    }
  }

  /// One line for each queue, where there is no terminal.
  func plainLines(at time: Timestamp) -> [String] {
    rows.map { row in
      var line = "\(time.iso8601) \(row.name) messages=\(row.messages)"
      if let rates = row.rates {
        line += " in=\(Self.rate(rates.arriving)) out=\(Self.rate(rates.leaving))"
      }
      line += " oldest=\(row.oldestAge.components.seconds)"
      return row.consumers.map { line + " consumers=\($0)" } ?? line
    }
  }

  private static func rate(_ rate: Double?) -> String {
    guard let rate else { return "-" }
    return rate > 0 && rate < 10 ? String(format: "%.1f", rate) : "\(Int(rate.rounded()))"
  }

  private static func age(_ age: Duration) -> String {
    switch age.components.seconds {
    case ..<1: "<1 s"
    case let seconds where seconds < 120: "\(seconds) s"
    case let seconds where seconds < 7200: "\(seconds / 60) min"
    case let seconds where seconds < 172_800: "\(seconds / 3600) h"
    case let seconds: "\(seconds / 86400) d"
    }
  }
}
