import DequeModule

/// The messages that may be what kills workers, and whose turn it is to be tried. Pure.
///
/// A few at a time are tried first, among everything else: a worker that dies leaves notes of these few behind,
/// and whoever gets one of them again tries it alone. While one waits for that or is tried, newly delivered
/// messages are held back, so that a crash can be its doing only.
struct SuspectQueue {
  /// How many a lane tries at once among everything else. Each of them is tried alone after a crash, so that fewer
  /// cost less then, and more are through sooner where nothing crashes.
  static let mostTogether = 64

  private enum Phase {
    case none
    /// Waiting for what is under way to end.
    case emptying
    /// Waiting for the row that says who is tried.
    case asking(Int32)
    /// It alone is under way.
    case alone(Int32)
  }

  private var phase = Phase.none
  private var waiting: Deque<Int32> = []
  private var together: Set<Int32> = []
  private var waitingForAlone: Deque<Int32> = []
  private var heldBack: [Int32] = []

  /// Whether messages must be held back.
  var isActive: Bool {
    if case .none = phase { return false }
    return true
  }

  mutating func add(_ message: Int32) { waiting.append(message) }

  mutating func holdBack(_ message: Int32) { heldBack.append(message) }

  /// Lets go of a message that is held back; false for a suspect, which keeps its place.
  mutating func letGo(_ message: Int32) -> Bool {
    switch phase {
    case .asking(message), .alone(message): return false
    default: break
    }
    guard
      !together.contains(message), !waiting.contains(message), !waitingForAlone.contains(message)
    else { return false }
    heldBack.removeAll { $0 == message }
    return true
  }

  /// Takes the next suspect whose row is to be written, if it is the turn of any.
  ///
  /// - Parameter underWay: how many messages have something of theirs under way.
  mutating func next(underWay: Int) -> (message: Int32, isAlone: Bool)? {
    switch phase {
    case .none:
      guard together.count < Self.mostTogether, let message = waiting.popFirst() else { return nil }
      together.insert(message)
      return (message, false)
    case .emptying:
      guard underWay == 0, together.isEmpty, let message = waitingForAlone.popFirst() else {
        return nil
      }
      phase = .asking(message)
      return (message, true)
    case .asking, .alone: return nil
    }
  }

  /// Notes that `message` must be tried alone: a worker died while it was one of those under way.
  mutating func putApart(_ message: Int32) {
    together.remove(message)
    waitingForAlone.append(message)
    if case .none = phase { phase = .emptying }
  }

  /// Notes that the row is there and `message` is tried.
  mutating func begin(_ message: Int32) {
    if case .asking(message) = phase { phase = .alone(message) }
  }

  /// Notes that `message` is settled or refused.
  ///
  /// - Returns: whether a row was asked for it, and the messages that may go on when none is left to be tried
  ///   alone.
  mutating func end(_ message: Int32) -> (wasTried: Bool, released: [Int32]) {
    switch phase {
    case .asking(message), .alone(message): break
    default: return (!together.isEmpty && together.remove(message) != nil, [])
    }
    if waitingForAlone.isEmpty {
      phase = .none
      defer { heldBack = [] }
      return (true, heldBack)
    }
    phase = .emptying
    return (true, [])
  }

  /// Forgets everything that has not begun, after the connection it came on was lost.
  mutating func removeWaiting() -> [Int32] {
    let removed = waiting + waitingForAlone + heldBack
    waiting = []
    waitingForAlone = []
    heldBack = []
    if case .emptying = phase { phase = .none }
    return Array(removed)
  }
}
