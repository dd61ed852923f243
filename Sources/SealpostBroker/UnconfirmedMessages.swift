package import DequeModule

/// The messages of one publishing thread from being handed in to the broker's word: what waits to be sent,
/// what was sent, and what was refused and is sent again later. Pure. Times are nanoseconds of the monotonic
/// clock.
///
/// Inlinable, so that it costs the modules above no more than one of their own.
package struct UnconfirmedMessages<Message> {
  @usableFromInline var waiting: Deque<(message: Message, since: Int64)> = []
  @usableFromInline var sent: [UInt64: (message: Message, at: Int64)] = [:]
  @usableFromInline var order: Deque<(sequence: UInt64, at: Int64)> = []
  @usableFromInline var refused: Deque<(message: Message, due: Int64)> = []
  @usableFromInline let limit: Int

  /// Makes an empty one.
  ///
  /// - Parameter limit: how many may be unconfirmed at once.
  @inlinable package init(limit: Int) { self.limit = limit }

  /// How many are not confirmed yet.
  @inlinable package var count: Int { waiting.count + sent.count + refused.count }

  /// When the oldest unconfirmed message was sent.
  @inlinable package var oldestSent: Int64? { order.first { sent[$0.sequence] != nil }?.at }

  /// What was sent and is not confirmed.
  @inlinable package var unconfirmed: some Sequence<Message> { sent.values.lazy.map(\.message) }

  /// Takes over a message to be sent.
  @inlinable package mutating func add(_ message: Message, at now: Int64) {
    waiting.append((message, now))
  }

  /// Takes the next message that may be sent now.
  @inlinable package mutating func nextToSend(isBlocked: Bool, now: Int64) -> Message? {
    guard !isBlocked, sent.count < limit else { return nil }
    if let first = refused.first, first.due <= now { return refused.removeFirst().message }
    return waiting.popFirst()?.message
  }

  /// Keeps a message that was sent until the broker says what became of it.
  @inlinable package mutating func sent(_ message: Message, as sequence: UInt64, at now: Int64) {
    sent[sequence] = (message, now)
    order.append((sequence, now))
  }

  /// Takes a message whose end the broker told, and when it was sent.
  @inlinable package mutating func take(_ sequence: UInt64) -> (message: Message, at: Int64)? {
    let taken = sent.removeValue(forKey: sequence)
    while let first = order.first, sent[first.sequence] == nil { order.removeFirst() }
    return taken
  }

  /// Has a message sent again half a second later.
  @inlinable package mutating func sendLater(_ message: Message, at now: Int64) {
    refused.append((message, now + 500_000_000))
  }

  /// Takes those out that wait to be sent and for which `isGivenUp` holds.
  @inlinable package mutating func giveUp(
    where isGivenUp: (_ message: Message, _ since: Int64) -> Bool
  ) -> [Message] {
    var givenUp: [Message] = []
    let looked = waiting
    waiting = []
    for (message, since) in looked {
      if isGivenUp(message, since) {
        givenUp.append(message)
      } else {
        waiting.append((message, since))
      }
    }
    return givenUp
  }

  /// Since when the first one waits to be sent.
  @inlinable package var waitingSince: Int64? { waiting.first?.since }

  /// After a connection was lost: everything unconfirmed is to be sent again, in its old order.
  ///
  /// - Parameter body: called with each, before it waits again.
  @inlinable package mutating func forgetSent(at now: Int64, _ body: (inout Message) -> Void) {
    for (sequence, _) in order {
      if var (message, _) = sent[sequence] {
        body(&message)
        waiting.append((message, now))
      }
    }
    sent.removeAll()
    order.removeAll()
  }

  /// How long to sleep when nothing comes from the broker or from those who publish, in milliseconds.
  @inlinable package func wait(now: Int64) -> Int32 {
    guard let first = refused.first else { return 1000 }
    return Int32(max(0, min(1000, (first.due - now) / 1_000_000 + 1)))
  }
}
