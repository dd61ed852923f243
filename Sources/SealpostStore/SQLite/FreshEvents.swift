import GRDB
import Synchronization

/// Which events are certainly not in the log yet, so that nobody has to look before inserting them: a look
/// costs as much as the insertion.
///
/// Their numbers grow with time (`EventHash`), so those above the log's greatest are new unless they were
/// inserted since, and these are few enough to be remembered. What other connections commit is not seen
/// here, only that they did (`PRAGMA data_version`): then the log's greatest number is read again.
struct FreshEvents: Sendable {
  private static let remembered = 16_384

  private var dataVersion: Int64?
  private var ceiling = Int64.max
  private var inserted: Set<Int64> = []

  /// Takes notice of what others committed. To be called in a transaction that holds the write lock, before
  /// the first event of it.
  mutating func catchUp(_ database: Database) throws {
    let version = try Int64.fetchOne(database.cachedStatement(sql: "PRAGMA data_version"))
    guard version != dataVersion || inserted.count >= Self.remembered else { return }
    let last = try Int64.fetchOne(database.cachedStatement(sql: "SELECT max(hash) FROM events"))
    ceiling = last ?? .min
    inserted.removeAll(keepingCapacity: true)
    dataVersion = version
  }

  /// Whether an event of that number is certainly not there; remembers that it will be.
  mutating func add(_ hash: Int64) -> Bool {
    hash > ceiling && inserted.insert(hash).inserted
  }
}

/// What the connection that writes knows of the log, whichever store object uses it.
final class WriterMemory: Sendable {
  /// Used in transactions alone, so nobody ever waits for it.
  let freshEvents = Mutex(FreshEvents())
}
