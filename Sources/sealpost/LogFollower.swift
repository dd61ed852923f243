import SealpostControl
import SealpostStore

/// What is new in the log since the last look.
///
/// Rows of several workers may become visible in another order than that of their numbers: a worker takes its
/// numbers before it commits. So each look begins where the log ended some seconds ago, and leaves out what
/// was already given.
struct LogFollower {
  /// How long a commit may take for its rows to be given.
  private static let patience = Duration.seconds(10)
  private static let pageSize = 1000

  private let control: ControlPlane
  private var filter: LogFilter
  private var given: Set<Int64> = []
  private var newest: Int64
  /// Where the log ended, look by look, as far back as patience goes.
  private var ends: [(at: ContinuousClock.Instant, id: Int64)]

  /// - Parameter rows: the newest ones, newest first, which were given already.
  init(_ filter: LogFilter, of control: ControlPlane, showing rows: [LogEntry]) {
    self.control = control
    self.filter = filter
    self.filter.isAscending = true
    self.filter.limit = Self.pageSize
    given = Set(rows.map(\.id))
    newest = rows.first?.id ?? 0
    ends = [(.now, rows.last?.id ?? 0)]
  }

  /// The rows that came since, oldest first.
  mutating func next() async throws -> [LogEntry] {
    let now = ContinuousClock.now
    while ends.count > 1, now - ends[1].at > Self.patience { ends.removeFirst() }
    let settled = ends[0].id
    given = given.filter { $0 > settled }
    filter.after = settled
    var fresh: [LogEntry] = []
    while true {
      let page = try await control.log(filter, by: .commandLine)
      fresh += page.filter { given.insert($0.id).inserted }
      guard page.count == Self.pageSize, let last = page.last else { break }
      filter.after = last.id
    }
    newest = max(newest, fresh.last?.id ?? newest)
    ends.append((now, newest))
    return fresh
  }
}
