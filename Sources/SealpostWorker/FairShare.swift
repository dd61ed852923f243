/// Which account has more than its share of a lane while events wait at the broker that may be others'. Pure.
///
/// What waits at the broker cannot be seen, so one account's flood must not stand in front of it: while the
/// queue is crowded, an account that had more than its share of what came in the last ten seconds keeps
/// only so many messages in the lane, enough for its receivers to be busy, and the rest is moved to the queue
/// behind. Times are nanoseconds of the monotonic clock.
struct FairShare {
  /// What becomes of an event.
  enum Verdict { case keep, move }

  /// How many must wait at the broker for the queue to be crowded, and for how long it counts as crowded after.
  private static let crowd = 1000
  private static let relief: Int64 = 10_000_000_000
  /// Half of the time that is looked back upon.
  private static let span: Int64 = 5_000_000_000

  /// What came within the current span and the one before it.
  private struct Count {
    var span: Int64 = 0
    var before = 0
    var current = 0

    var sum: Int { before + current }

    mutating func add(in span: Int64) {
      if span != self.span {
        before = span == self.span + 1 ? current : 0
        current = 0
        self.span = span
      }
      current += 1
    }
  }

  private struct Account {
    var taken = Count()
    var held = 0
  }

  private let mostHeld: Int
  private let mostMoving: Int
  private var accounts: [Account] = []
  private var taken = Count()
  private var present = Count()
  private var crowdedUntil: Int64 = 0

  /// How many messages are on their way to the queue behind.
  private(set) var moving = 0

  /// - Parameter prefetch: how many messages of the queue the lane may hold.
  init(prefetch: Int) {
    mostHeld = max(32, prefetch / 16)
    mostMoving = max(32, prefetch / 2)
  }

  /// Whether events are to be looked at one by one.
  func isCrowded(now: Int64) -> Bool { now < crowdedUntil }

  /// Notes how many events wait at the broker, and of how many accounts they may be.
  mutating func note(waiting: Int, accounts: Int, now: Int64) {
    if waiting >= Self.crowd, accounts > 1 { crowdedUntil = now + Self.relief }
  }

  /// Decides about an event while the queue is crowded. One that is kept is to be reported with `ended`, one
  /// that is moved with `moved`.
  mutating func take(account slot: Int, now: Int64) -> Verdict {
    if slot >= accounts.count {
      accounts.append(contentsOf: repeatElement(Account(), count: slot + 1 - accounts.count))
    }
    let span = now / Self.span
    if accounts[slot].taken.span != span { present.add(in: span) }
    accounts[slot].taken.add(in: span)
    taken.add(in: span)
    guard accounts[slot].held >= mostHeld, moving < mostMoving,
      isOverItsShare(accounts[slot].taken.sum)
    else {
      accounts[slot].held += 1
      return .keep
    }
    moving += 1
    return .move
  }

  /// Half as much again as all would have if they had the same, with room for one that has not come yet.
  private func isOverItsShare(_ count: Int) -> Bool {
    count * max(2, present.before, present.current) * 2 > taken.sum * 3
  }

  /// Notes that an event which was kept is settled.
  mutating func ended(account slot: Int) { accounts[slot].held -= 1 }

  /// Notes that an event is in the queue behind, or could not be moved there.
  mutating func moved() { moving -= 1 }
}
