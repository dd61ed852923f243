import Foundation
import SealpostControl

/// Reads the members of a request's JSON object and notes all that is wrong with them.
struct JSONFields {
  private let members: [String: JSONValue]
  private let prefix: String
  private var known: Set<String> = []
  private(set) var faults: [FieldFault] = []

  /// Reads a body. An empty one is an empty object where that is enough.
  init(_ body: [UInt8], allowsEmpty: Bool = false) throws(ControlError) {
    prefix = ""
    if body.isEmpty, allowsEmpty {
      members = [:]
      return
    }
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(body)) else {
      throw ControlError(.invalid, "not_json", "The body is no JSON in UTF-8.")
    }
    guard case .object(let members) = value else {
      throw ControlError(.invalid, "not_object", "The body must be a JSON object.")
    }
    self.members = members
  }

  private init(_ members: [String: JSONValue], prefix: String) {
    self.members = members
    self.prefix = prefix
  }

  mutating func text(_ name: String) -> String? {
    read(name, "a string") { if case .text(let text) = $0 { text } else { nil } }
  }

  mutating func flag(_ name: String) -> Bool? {
    read(name, "true or false") { if case .flag(let flag) = $0 { flag } else { nil } }
  }

  mutating func number(_ name: String) -> Double? {
    read(name, "a number") { if case .number(let number) = $0 { number } else { nil } }
  }

  /// A number; `.some(nil)` where `null` is given for none.
  mutating func numberOrNull(_ name: String) -> Double?? {
    read(name, "a number or null") { value -> Double?? in
      switch value {
      case .number(let number): .some(number)
      case .null: .some(nil)
      default: nil
      }
    }
  }

  mutating func integer(_ name: String) -> Int? {
    read(name, "a whole number") {
      if case .number(let number) = $0 { Int(exactly: number) } else { nil }
    }
  }

  mutating func texts(_ name: String) -> [String]? {
    read(name, "an array of strings") { value in
      guard case .list(let list) = value else { return nil }
      let texts = list.compactMap { if case .text(let text) = $0 { text } else { nil } }
      return texts.count == list.count ? texts : nil
    }
  }

  /// Members that are all strings, by name.
  mutating func pairs(_ name: String) -> [(name: String, value: String)]? {
    read(name, "an object whose members are strings") { value in
      guard case .object(let object) = value else { return nil }
      var pairs: [(name: String, value: String)] = []
      for (name, value) in object.sorted(by: { $0.key < $1.key }) {
        guard case .text(let text) = value else { return nil }
        pairs.append((name, text))
      }
      return pairs
    }
  }

  /// An object within; nil where there is none. `null` is an empty one.
  mutating func object(_ name: String, _ work: (inout JSONFields) -> Void) -> Bool {
    known.insert(name)
    guard let value = members[name] else { return false }
    switch value {
    case .null: return true
    case .object(let object):
      var fields = JSONFields(object, prefix: "\(prefix)\(name).")
      work(&fields)
      fields.noteUnknown()
      faults += fields.faults
      return true
    default:
      add(name, "bad_type", "It must be an object or null.")
      return false
    }
  }

  /// Throws where something is wrong, or a member is there that nobody asked for.
  mutating func end() throws(ControlError) {
    noteUnknown()
    if !faults.isEmpty { throw .invalid(faults) }
  }

  private mutating func noteUnknown() {
    for name in members.keys.sorted() where !known.contains(name) {
      add(name, "unknown_field", "There is no such field here: leave it out.")
    }
  }

  private mutating func add(_ name: String, _ code: String, _ message: String) {
    faults.append(FieldFault(field: prefix + name, code: code, message: message))
  }

  private mutating func read<T>(_ name: String, _ what: String, _ take: (JSONValue) -> T?) -> T? {
    known.insert(name)
    guard let value = members[name] else { return nil }
    guard let taken = take(value) else {
      add(name, "bad_type", "It must be \(what).")
      return nil
    }
    return taken
  }
}
