import Foundation
import SealpostControl

/// Columns that align.
struct Table {
  private let titles: [String]
  private var rows: [[String]] = []

  init(_ titles: String...) { self.titles = titles }

  mutating func add(_ cells: String...) { rows.append(cells.map(Inert.text)) }

  /// The table; `empty` where it has no rows.
  func text(whenEmpty empty: String) -> String {
    guard !rows.isEmpty else { return empty }
    let widths = titles.indices.map { column in
      ([titles] + rows).map { $0[column].count }.max() ?? 0
    }
    return ([titles] + rows).map { row in
      let cells = zip(row, widths).map {
        $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0)
      }
      return cells.joined(separator: "  ").replacing(/\s+$/, with: "")
    }.joined(separator: "\n")
  }
}
