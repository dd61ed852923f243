import Foundation

/// Reads single members of JSON objects.
enum JSONMember {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private struct Members: Decodable {
    let container: KeyedDecodingContainer<Key>
    init(from decoder: any Decoder) throws {
      container = try decoder.container(keyedBy: Key.self)
    }
  }

  /// The text of a member; nil where there is none or it is no text.
  static func text(_ name: String, of object: ArraySlice<UInt8>) -> String? {
    guard let members = try? JSONDecoder().decode(Members.self, from: Data(object)) else {
      return nil
    }
    return try? members.container.decode(String.self, forKey: Key(stringValue: name))
  }
}
