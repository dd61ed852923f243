/// The messages that may be what kills workers, and whose turn it is to be tried alone. Pure.
///
/// While one waits or is tried, newly delivered messages are held back, so that a crash can be the
/// suspect's doing only.
struct SuspectQueue {
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
  private var waiting: [Int32] = []
  private var heldBack: [Int32] = []

  /// Whether messages must be held back.
  var isActive: Bool {
    if case .none = phase { return false }
    return true
  }

  mutating func add(_ message: Int32) {
    waiting.append(message)
    if case .none = phase { phase = .emptying }
  }

  mutating func holdBack(_ message: Int32) { heldBack.append(message) }

  /// Lets go of a message that is held back; false for a suspect, which keeps its place.
  mutating func letGo(_ message: Int32) -> Bool {
    switch phase {
    case .asking(message), .alone(message): return false
    default: break
    }
    guard !waiting.contains(message) else { return false }
    heldBack.removeAll { $0 == message }
    return true
  }

  /// Takes the next suspect once nothing is under way.
  mutating func next(underWay: Int) -> Int32? {
    guard case .emptying = phase, underWay == 0, !waiting.isEmpty else { return nil }
    let message = waiting.removeFirst()
    phase = .asking(message)
    return message
  }

  /// Notes that the row is there and `message` is tried.
  mutating func begin(_ message: Int32) {
    if case .asking(message) = phase { phase = .alone(message) }
  }

  /// Notes that `message` is settled or refused.
  ///
  /// - Returns: whether it was the suspect, and the messages that may go on when none is left.
  mutating func end(_ message: Int32) -> (wasSuspect: Bool, released: [Int32]) {
    switch phase {
    case .asking(message), .alone(message): break
    default: return (false, [])
    }
    if waiting.isEmpty {
      phase = .none
      defer { heldBack = [] }
      return (true, heldBack)
    }
    phase = .emptying
    return (true, [])
  }

  /// Forgets everything that has not begun, after the connection it came on was lost.
  mutating func removeWaiting() -> [Int32] {
    let removed = waiting + heldBack
    waiting = []
    heldBack = []
    if case .emptying = phase { phase = .none }
    return removed
  }
}
