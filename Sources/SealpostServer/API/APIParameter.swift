/// A parameter of an operation, as the description has it.
struct APIParameter: Sendable {
  enum Place: String { case path, query, header }

  let name: String
  let place: Place
  let description: String
  let schema: JSONValue

  static func query(_ name: String, _ description: String, _ schema: JSONValue) -> APIParameter {
    APIParameter(name: name, place: .query, description: description, schema: schema)
  }

  static func path(_ name: String, _ description: String, _ schema: JSONValue) -> APIParameter {
    APIParameter(name: name, place: .path, description: description, schema: schema)
  }

  static let webhookID = path("id", "The webhook's id.", ["type": "string"])
  static let rowID = path("id", "The entry's id.", ["type": "integer", "minimum": 0])
  static let account = query(
    "account", "The account; for tokens that are bound to none.",
    ["type": "string", "pattern": "^[A-Za-z0-9_.:@-]{1,128}$"])
  static let limit = query(
    "limit", "How many at most.", ["type": "integer", "minimum": 1, "maximum": 100, "default": 20])
  static let page = query(
    "page", "Which page, from 1. page × limit is at most 10,000.",
    ["type": "integer", "minimum": 1, "maximum": 10_000, "default": 1])
  static let after = query(
    "after", "Goes on behind the entry of this id; the Link header of an answer has the next one.",
    ["type": "integer", "minimum": 0])
}
