import SealpostBroker
import SealpostCore
import SealpostWorker

/// How many messages a second come into each queue and leave it, from its depth and from what workers say that
/// they took. Pure.
struct QueueRates {
  private struct Flow {
    var messages: Int?
    var at = Timestamp(nanoseconds: 0)
    var taken = 0
    var rates: (arriving: Double, leaving: Double)?
  }

  private var flows: [String: Flow] = [:]
  private var counts: [String: Int] = [:]

  /// Takes over what a worker took since it began. The first that is heard of it tells nothing of the rate.
  mutating func note(_ news: QueueNews) {
    let before = counts.updateValue(news.count, forKey: "\(news.worker) \(news.queue)")
    guard let before, news.count > before else { return }
    flows[news.queue, default: Flow()].taken += news.count - before
  }

  /// Takes over how full a queue is.
  mutating func note(_ depth: QueueDepth, now: Timestamp) {
    var flow = flows[depth.queue] ?? Flow()
    if let messages = flow.messages, now > flow.at {
      let seconds = (now - flow.at) / .seconds(1)
      let leaving = Double(flow.taken) / seconds
      let change = Double(depth.messages - messages) / seconds
      flow.rates = (max(0, change + leaving), max(leaving, -change))
    }
    flow.messages = depth.messages
    flow.at = now
    flow.taken = 0
    flows[depth.queue] = flow
  }

  /// The rates of a queue between the last two looks at it; nil before there were two.
  func rates(of queue: String) -> (arriving: Double, leaving: Double)? { flows[queue]?.rates }
}
