import SealpostBroker
import SealpostCore
import SealpostWorker

/// For how long at most the message at the head of each queue has been there, from what is seen anyhow: that a
/// queue was empty at some time, and what workers took from it. Pure.
///
/// AMQP does not tell, and taking a message to look at it would count as a delivery of it.
struct QueueAges {
  /// What is known of a queue.
  private struct Head {
    /// What is there came no earlier than this.
    var since: Timestamp
    /// When the queue was last seen empty.
    var emptyAt = Timestamp(nanoseconds: 0)
  }

  private let names: BrokerNames
  private let levelTimes: [String: Duration]
  private let begun: Timestamp
  private var heads: [String: Head] = [:]

  /// Begins to watch: of what was there before nothing is known but that it was there.
  init(settings: BrokerSettings, now: Timestamp = .now()) {
    names = settings.names
    begun = now
    let names = names
    levelTimes = Dictionary(
      uniqueKeysWithValues: (0..<DelayLadder.levels).map {
        (names.delay($0), settings.delayUnit * (1 << $0))
      })
  }

  /// Takes over how full a queue is.
  mutating func note(_ depth: QueueDepth, now: Timestamp) {
    guard depth.messages == 0 else { return }
    heads[depth.queue] = Head(since: now, emptyAt: now)
  }

  /// Takes over what a worker took from a queue last. What lies before the queue was last seen empty, or in
  /// the future, is some clock's fault.
  mutating func note(_ news: QueueNews, now: Timestamp) {
    guard let publishedAt = news.publishedAt else { return }
    var head = heads[news.queue] ?? Head(since: begun)
    head.since = min(now, max(head.emptyAt, publishedAt))
    heads[news.queue] = head
  }

  /// The age of what is at the head of a queue; zero where nothing is.
  func age(of depth: QueueDepth, now: Timestamp) -> Duration {
    guard depth.messages > 0 else { return .zero }
    let age = max(.zero, now - (heads[depth.queue]?.since ?? begun))
    // A message of the ladder leaves when its time is over.
    return levelTimes[depth.queue].map { min($0, age) } ?? age
  }
}
