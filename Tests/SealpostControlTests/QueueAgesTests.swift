import SealpostBroker
import SealpostCore
import SealpostWorker
import Testing

@testable import SealpostControl

/// How old the head of a queue is, from what is seen anyhow.
@Suite struct QueueAgesTests {
  private static let settings = BrokerSettings(urls: [], namespace: "test")
  private static let events = settings.names.events
  private static let begun = Timestamp(seconds: 1000)

  private func depth(_ messages: Int, _ queue: String = Self.events) -> QueueDepth {
    QueueDepth(queue: queue, messages: messages, consumers: 0)
  }

  private func taken(_ seconds: Int64, from queue: String = Self.events) throws -> QueueNews {
    try #require(QueueNews("1 worker taken \(queue) 1 \(seconds * 1_000_000_000)"))
  }

  private func at(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds) }

  @Test func whatNobodyTakesGrowsOlderFromWhenTheQueueWasLastSeenEmpty() {
    var ages = QueueAges(settings: Self.settings, now: Self.begun)
    ages.note(depth(0), now: at(1010))
    #expect(ages.age(of: depth(0), now: at(1011)) == .zero)
    ages.note(depth(5), now: at(1012))
    ages.note(depth(9), now: at(1300))
    #expect(ages.age(of: depth(9), now: at(1310)) == .seconds(300))
  }

  @Test func whatIsLeftIsYoungerThanWhatWasTaken() throws {
    var ages = QueueAges(settings: Self.settings, now: Self.begun)
    ages.note(try taken(1100), now: at(1105))
    #expect(ages.age(of: depth(4), now: at(1106)) == .seconds(6))
    // A message that came back goes first, and is older.
    ages.note(try taken(1050), now: at(1110))
    #expect(ages.age(of: depth(4), now: at(1110)) == .seconds(60))
  }

  @Test func clocksThatAreWrongAreNotBelieved() throws {
    var ages = QueueAges(settings: Self.settings, now: Self.begun)
    ages.note(depth(0), now: at(1100))
    ages.note(try taken(3), now: at(1105))
    #expect(ages.age(of: depth(1), now: at(1106)) == .seconds(6))
    ages.note(try taken(999_999), now: at(1107))
    #expect(ages.age(of: depth(1), now: at(1108)) == .seconds(1))
  }

  @Test func beforeAnythingIsKnownTheAgeCountsFromTheStart() {
    let ages = QueueAges(settings: Self.settings, now: Self.begun)
    #expect(ages.age(of: depth(7), now: at(1020)) == .seconds(20))
  }

  @Test func aMessageOfTheLadderIsNeverOlderThanItsLevelHoldsIt() throws {
    let ages = QueueAges(settings: Self.settings, now: Self.begun)
    let level = Self.settings.names.delay(3)
    #expect(ages.age(of: depth(7, level), now: at(1005)) == .seconds(5))
    #expect(ages.age(of: depth(7, level), now: at(1100)) == .seconds(8))
  }

  @Test func queuesKnowNothingOfEachOther() throws {
    var ages = QueueAges(settings: Self.settings, now: Self.begun)
    ages.note(try taken(1090, from: Self.settings.names.retries), now: at(1100))
    #expect(ages.age(of: depth(1), now: at(1100)) == .seconds(100))
    #expect(
      ages.age(of: depth(1, Self.settings.names.retries), now: at(1100)) == .seconds(10))
  }

  @Test func whatWorkersTookAndWhatIsLeftTellHowMuchCame() throws {
    var rates = QueueRates()
    func news(_ worker: String, _ count: Int) throws -> QueueNews {
      try #require(QueueNews("1 \(worker) taken \(Self.events) \(count) 0"))
    }
    rates.note(try news("a", 500))
    rates.note(depth(10), now: at(1000))
    #expect(rates.rates(of: Self.events) == nil)
    rates.note(try news("a", 560))
    rates.note(try news("b", 9))
    rates.note(try news("b", 49))
    rates.note(depth(30), now: at(1002))
    #expect(try #require(rates.rates(of: Self.events)) == (60, 50))
    // A worker that began anew counts from the start.
    rates.note(try news("a", 4))
    rates.note(depth(0), now: at(1004))
    #expect(try #require(rates.rates(of: Self.events)) == (0, 15))
  }

  @Test func newsOfOthersOrOfLaterVersionsAreLetGo() {
    for text in [
      "", "1 worker taken events 1", "2 worker taken events 1 1", "1 worker taken events 1 x",
      "1 worker taken events -1 1", "1 worker closed 5000 acme w1",
    ] {
      #expect(QueueNews(text) == nil, "\(text)")
    }
  }

  @Test func queuesAreNamedTheSameInEveryNamespace() {
    let names = BrokerSettings(urls: [], namespace: "a.b").names
    #expect(names.label(ofQueue: "a.b.events.bulk") == "events.bulk")
    #expect(names.label(ofQueue: "a.b.v1.delay.17") == "delay.17")
    #expect(names.label(ofQueue: "a.b.v1.delay.18") == nil)
    #expect(names.label(ofQueue: "somebody.elses") == nil)
  }
}
