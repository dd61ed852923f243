import Foundation
import SealpostControl

/// The fields of a form or a query, `application/x-www-form-urlencoded`; a name may come several times.
struct FormFields: Sendable {
  /// How many bytes of a form are read.
  static let mostBytes = 512 << 10

  private var values: [String: [String]] = [:]

  /// Reads fields. What is no percent-encoded UTF-8 is refused.
  init(_ text: some StringProtocol) throws(ControlError) {
    for part in text.split(separator: "&") {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decode(sides[0]),
        let value = Self.decode(sides.count > 1 ? sides[1] : "")
      else {
        throw ControlError(.invalid, "bad_form", "The form cannot be read: send it once more.")
      }
      values[name, default: []].append(value)
    }
  }

  /// The first value of a name.
  subscript(name: String) -> String? { values[name]?.first }

  /// The first value of a name without the spaces around it; nil where nothing was filled in.
  func filled(_ name: String) -> String? {
    guard let text = values[name]?.first?.trimmingCharacters(in: .whitespacesAndNewlines),
      !text.isEmpty
    else { return nil }
    return text
  }

  /// All values of a name.
  func all(_ name: String) -> [String] { values[name] ?? [] }

  /// These fields as a query with one changed; nil leaves it out. Empty ones are left out too.
  func query(changing name: String? = nil, to value: String? = nil) -> String {
    var parts: [String] = []
    for (key, list) in values.sorted(by: { $0.key < $1.key }) where key != name {
      parts += list.filter { !$0.isEmpty }.map { "\(Self.encode(key))=\(Self.encode($0))" }
    }
    if let name, let value { parts.append("\(Self.encode(name))=\(Self.encode(value))") }
    return parts.joined(separator: "&")
  }

  /// A text as a part of a query.
  static func encode(_ text: String) -> String {
    var allowed = CharacterSet()
    allowed.insert(
      charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~")
    return text.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
  }

  private static func decode(_ text: some StringProtocol) -> String? {
    text.replacingOccurrences(of: "+", with: " ").removingPercentEncoding
  }
}
