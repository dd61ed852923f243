import SealpostCore
import Testing

@testable import SealpostWorker

@Suite struct FairShareTests {
  private static let second: Int64 = 1_000_000_000

  private func crowded(prefetch: Int = 4000) -> FairShare {
    var share = FairShare(prefetch: prefetch)
    share.note(waiting: 5000, accounts: 3, now: 0)
    return share
  }

  @Test func isCrowdedWhileMuchWaitsThatMayBeOthers() {
    var share = FairShare(prefetch: 4000)
    #expect(!share.isCrowded(now: 0))
    share.note(waiting: 999, accounts: 3, now: 0)
    #expect(!share.isCrowded(now: 0))
    share.note(waiting: 1_000_000, accounts: 1, now: 0)
    #expect(!share.isCrowded(now: 0), "whoever is alone delays nobody")
    share.note(waiting: 1000, accounts: 2, now: 0)
    #expect(share.isCrowded(now: 10 * Self.second - 1))
    share.note(waiting: 0, accounts: 2, now: 5 * Self.second)
    #expect(!share.isCrowded(now: 10 * Self.second))
  }

  @Test func aFloodKeepsItsReceiversBusyAndTheRestIsMoved() {
    var share = crowded()
    let verdicts = (0..<1000).map { _ in share.take(account: 0, now: 0) }
    #expect(verdicts.prefix(250).allSatisfy { $0 == .keep })
    #expect(verdicts.dropFirst(250).allSatisfy { $0 == .move })
    #expect(share.moving == 750)
    for _ in 0..<10 { share.ended(account: 0) }
    #expect((0..<11).map { _ in share.take(account: 0, now: 0) }.filter { $0 == .keep }.count == 10)
    // The other account is never over its share beside that, though it holds as much.
    #expect((0..<300).allSatisfy { _ in share.take(account: 1, now: 0) == .keep })
  }

  @Test func noMoreIsOnItsWayThanHalfOfWhatTheLaneMayHold() {
    var share = crowded(prefetch: 100)
    let verdicts = (0..<200).map { _ in share.take(account: 0, now: 0) }
    #expect(verdicts.filter { $0 == .move }.count == 50)
    share.moved()
    #expect(share.take(account: 0, now: 0) == .move)
    #expect(share.take(account: 0, now: 0) == .keep)
  }

  @Test func accountsThatHaveTheSameAreNotMoved() {
    var share = crowded()
    for _ in 0..<2000 {
      for account in 0..<3 { #expect(share.take(account: account, now: 0) == .keep) }
    }
  }

  @Test func whatWasLongAgoIsForgotten() {
    var share = crowded()
    for _ in 0..<1000 { _ = share.take(account: 0, now: 0) }
    var now = 4 * Self.second
    #expect(share.take(account: 0, now: now) == .move)
    // Others have come as often since, so what it had in the last ten seconds is no more than its share.
    for _ in 0..<3 {
      now += 5 * Self.second
      for _ in 0..<500 {
        _ = share.take(account: 1, now: now)
        _ = share.take(account: 2, now: now)
      }
    }
    #expect(share.take(account: 0, now: now) == .keep)
  }
}

@Suite struct WindowNewsTests {
  @Test(arguments: [
    SendWindow.News.closed(probeIn: .milliseconds(4321)), .opened, .postponed,
  ])
  func aLineComesBackAsItWas(_ news: SendWindow.News) throws {
    let told = WindowNews(account: "acme:1@x", webhook: "whk_1", news: news)
    let (sender, heard) = try #require(WindowNews.read(told.text(from: "12-34")))
    #expect(sender == "12-34" && heard == told)
  }

  @Test(arguments: [
    "", "1", "2 a opened 0 acme w", "1 a slammed 0 acme w", "1 a closed x acme w",
    "1 a opened 0 acme w more",
  ])
  func whatIsNotOursIsPassedOver(_ text: String) { #expect(WindowNews.read(text) == nil) }
}
