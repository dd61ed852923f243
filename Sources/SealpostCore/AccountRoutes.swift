/// Which webhooks of one account listen to which events.
final class AccountRoutes: Sendable {
  /// All webhooks of the account by their public identity.
  let entries: [String: DirectoryEntry]

  private let all: [DirectoryEntry]
  private let prefixes: [(prefix: [UInt8], entry: DirectoryEntry)]
  private let names: ByteTable<[DirectoryEntry]>

  init(_ entries: [String: DirectoryEntry]) {
    self.entries = entries
    var all: [DirectoryEntry] = []
    var prefixes: [(prefix: [UInt8], entry: DirectoryEntry)] = []
    var names: [String: [DirectoryEntry]] = [:]
    for entry in entries.values.sorted(by: { $0.slot < $1.slot }) {
      for pattern in Self.independent(entry.webhook.events) {
        switch pattern {
        case .all: all.append(entry)
        case .prefix(let prefix): prefixes.append((Array(prefix.utf8), entry))
        case .name(let name): names[name, default: []].append(entry)
        }
      }
    }
    var table = ByteTable<[DirectoryEntry]>()
    for (name, entries) in names { table.set(name, entries) }
    self.all = all
    self.prefixes = prefixes
    self.names = table
  }

  /// Calls `body` once with each webhook that listens to the event.
  func matches(_ event: UnsafeRawBufferPointer, _ body: (DirectoryEntry) -> Void) {
    if let entries = names.value(event) {
      for entry in entries { body(entry) }
    }
    for (prefix, entry) in prefixes where event.starts(with: prefix) { body(entry) }
    if !all.isEmpty, !EventName.isReservedForNotices(event) {
      for entry in all { body(entry) }
    }
  }

  /// The patterns without those that another one covers: what is left never matches the same event
  /// twice, since two prefixes are either nested or apart.
  private static func independent(_ patterns: [EventPattern]) -> [EventPattern] {
    var kept: [EventPattern] = []
    for pattern in patterns where !kept.contains(where: { pattern.isCovered(by: $0) }) {
      kept.removeAll { $0.isCovered(by: pattern) }
      kept.append(pattern)
    }
    return kept
  }
}
