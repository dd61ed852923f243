/// Which events a webhook listens to: a name, a prefix such as `license.*`, or all.
public enum EventPattern: Hashable, Sendable {
  /// `*`: every event, but no notices.
  case all
  /// `license.*`: every event whose name begins with `license.`; the text here ends with the dot.
  case prefix(String)
  /// One event.
  case name(String)

  /// Why a text is no pattern.
  public struct ParseError: Error, Sendable {
    /// What was given.
    public let text: String

    /// What is wrong and how to mend it.
    public var sentence: String {
      "\"\(text)\" is no event pattern: give a name such as license.created, a prefix such as license.*, or *."
    }
  }

  /// Reads a pattern.
  public init(parsing text: String) throws(ParseError) {
    if text == "*" {
      self = .all
    } else if text.hasSuffix(".*"), EventName.isValid(String(text.dropLast(2))) {
      self = .prefix(String(text.dropLast()))
    } else if EventName.isValid(text) {
      self = .name(text)
    } else {
      throw ParseError(text: text)
    }
  }

  /// The pattern as its owner writes it.
  public var text: String {
    switch self {
    case .all: "*"
    case .prefix(let prefix): prefix + "*"
    case .name(let name): name
    }
  }

  /// Whether an event of that name is meant.
  public func matches(_ name: String) -> Bool {
    switch self {
    case .all: !EventPattern.isNotice(name)
    case .prefix(let prefix): name.utf8.starts(with: prefix.utf8)
    case .name(let own): name == own
    }
  }

  /// Whether everything this pattern matches is matched by `other` too.
  func isCovered(by other: EventPattern) -> Bool {
    switch (self, other) {
    case (_, .all): self == .all || !EventPattern.isNotice(literal)
    case (.all, _): false
    case (_, .prefix(let prefix)): literal.utf8.starts(with: prefix.utf8)
    case (.name(let own), .name(let name)): own == name
    case (.prefix, .name): false
    }
  }

  private var literal: String {
    switch self {
    case .all: ""
    case .prefix(let prefix): prefix
    case .name(let name): name
    }
  }

  private static func isNotice(_ name: String) -> Bool {
    var name = name
    return name.withUTF8 { EventName.isReservedForNotices(UnsafeRawBufferPointer($0)) }
  }
}
