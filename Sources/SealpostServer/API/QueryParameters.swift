import Foundation
import SealpostControl

/// The query of a request's URL, read strictly: each name once, and none that nobody asked for.
struct QueryParameters: Sendable {
  private var values: [String: String] = [:]

  /// Reads a query.
  init(_ query: String?) throws(ControlError) {
    for part in (query ?? "").split(separator: "&") {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decode(sides[0]),
        let value = Self.decode(sides.count > 1 ? sides[1] : "")
      else {
        throw ControlError(
          .invalid, "bad_query", "The query \"\(part)\" is not percent-encoded UTF-8.")
      }
      guard values.updateValue(value, forKey: name) == nil else {
        throw .invalid(name, "given_twice", "It stands in the query twice.")
      }
    }
  }

  /// The names that are there.
  var names: [String] { values.keys.sorted() }

  subscript(name: String) -> String? { values[name] }

  /// Throws where a name is not among those that the operation has.
  func check(known: [APIParameter]) throws(ControlError) {
    let names = Set(known.filter { $0.place == .query }.map(\.name))
    for name in self.names where !names.contains(name) {
      throw .invalid(name, "unknown_parameter", "There is no such parameter here: leave it out.")
    }
  }

  /// A whole number in a range.
  func integer(_ name: String, in range: ClosedRange<Int>, default standard: Int)
    throws(ControlError) -> Int
  {
    guard let text = values[name] else { return standard }
    guard let number = Int(text), range.contains(number) else {
      throw .invalid(
        name, "bad_number",
        "It must be a whole number from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }

  /// The id of a row.
  func id(_ name: String) throws(ControlError) -> Int64? {
    guard let text = values[name] else { return nil }
    guard let id = Int64(text), id >= 0 else {
      throw .invalid(name, "bad_id", "It must be the id of an entry, a whole number.")
    }
    return id
  }

  private static func decode(_ text: Substring) -> String? {
    text.replacing("+", with: " ").removingPercentEncoding
  }
}
