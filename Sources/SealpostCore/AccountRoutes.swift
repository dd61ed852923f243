/// Which webhooks of one account listen to which events.
public final class AccountRoutes: Sendable {
  /// All webhooks of the account in the order of their public identities: most accounts have few, and a
  /// dictionary for each would take more memory than the webhooks.
  let entries: [DirectoryEntry]
  /// A small number that is the account's own for the life of the process.
  let slot: Int

  private let all: [DirectoryEntry]
  private let prefixes: [(prefix: [UInt8], entry: DirectoryEntry)]
  private let names: ByteTable<[DirectoryEntry]>

  init(_ entries: some Sequence<DirectoryEntry>, slot: Int) {
    self.slot = slot
    self.entries = entries.sorted { $0.webhook.id < $1.webhook.id }
    var all: [DirectoryEntry] = []
    var prefixes: [(prefix: [UInt8], entry: DirectoryEntry)] = []
    var names: [String: [DirectoryEntry]] = [:]
    for entry in entries.sorted(by: { $0.slot < $1.slot }) {
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
    // One memory for both where they are the same, as in an account with one webhook.
    self.all = all.elementsEqual(self.entries, by: ===) ? self.entries : all
    self.prefixes = prefixes
    self.names = table
  }

  /// The webhook of that identity, or nil.
  func entry(id: String) -> DirectoryEntry? {
    var range = entries.startIndex..<entries.endIndex
    while let middle = range.isEmpty ? nil : (range.lowerBound + range.upperBound) / 2 {
      let found = entries[middle].webhook.id
      if found == id { return entries[middle] }
      range = found < id ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return nil
  }

  /// Calls `body` once with each webhook that listens to the event.
  public func matches(_ event: UnsafeRawBufferPointer, _ body: (DirectoryEntry) -> Void) {
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
