import DequeModule

/// Which delivery tags of one channel can be acknowledged, and with how few frames.
///
/// Tags of a channel rise by one. A settled run at the front goes out as one `multiple`
/// acknowledgement; what has settled behind a message that is still open goes out one by one, but
/// only when enough has gathered, since each is a frame and a system call of its own.
struct Acknowledgements {
  /// What to send now.
  struct Batch: Equatable {
    /// Acknowledge all up to and including this tag.
    var upTo: UInt64?
    /// Acknowledge these alone.
    var single: [UInt64] = []
  }

  private enum State { case open, settled, acknowledged }

  private var first: UInt64 = 1
  private var states: Deque<State> = []
  private var settled: [UInt64] = []

  /// How many tags are neither acknowledged nor about to be.
  var openCount: Int {
    states.reduce(0) { $0 + ($1 == .open ? 1 : 0) }
  }

  /// Notes that the broker delivered `tag`.
  mutating func received(_ tag: UInt64) {
    if states.isEmpty { first = tag }
    precondition(tag == first + UInt64(states.count), "delivery tags of a channel rise by one")
    states.append(.open)
  }

  /// Notes that everything about `tag` is durable.
  mutating func settle(_ tag: UInt64) {
    let index = Int(tag - first)
    precondition(states[index] == .open, "a message settles once")
    states[index] = .settled
    settled.append(tag)
  }

  /// Takes what can be sent now.
  ///
  /// - Parameter threshold: how many settled tags behind an open one are worth sending one by one.
  mutating func take(threshold: Int) -> Batch {
    guard !settled.isEmpty else { return Batch() }
    var batch = Batch()
    while let front = states.first, front != .open {
      if front == .settled {
        batch.upTo = first
      }
      states.removeFirst()
      first += 1
    }
    if batch.upTo != nil { settled.removeAll { $0 < first } }
    if settled.count >= max(1, threshold) {
      for tag in settled { states[Int(tag - first)] = .acknowledged }
      swap(&batch.single, &settled)
    }
    return batch
  }
}
