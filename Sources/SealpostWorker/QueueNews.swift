import SealpostBroker
public import SealpostCore

/// What a worker took from a queue: how many messages since it began, and when the last one had been published,
/// so that what is left there came later. Between processes it is a line of text over the exchange
/// `sealpost.control`.
public struct QueueNews: Hashable, Sendable {
  private static let version = "1"
  private static let kind = "taken"

  /// The worker.
  public let worker: String
  /// The queue's name.
  public let queue: String
  /// How many messages it took.
  public let count: Int
  /// When the last one had been published; nil where none of them says so.
  public let publishedAt: Timestamp?

  init(worker: String, queue: String, count: Int, publishedAt: Timestamp?) {
    self.worker = worker
    self.queue = queue
    self.count = count
    self.publishedAt = publishedAt
  }

  /// Reads a line; nil where it says something else, or is of a version that comes after us.
  public init?(_ text: String) {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    // The news of windows have six words, of which the third is another.
    guard words.count == 6, words[0] == Self.version, words[2] == Self.kind,
      let count = Int(words[4]), count >= 0, let nanoseconds = Int64(words[5])
    else { return nil }
    self.init(
      worker: String(words[1]), queue: String(words[3]), count: count,
      publishedAt: nanoseconds > 0 ? Timestamp(nanoseconds: nanoseconds) : nil)
  }

  /// The line. Neither names of workers nor of queues hold a space.
  var text: String {
    "\(Self.version) \(worker) \(Self.kind) \(queue) \(count) \(publishedAt?.nanoseconds ?? 0)"
  }
}

extension WorkerMetrics {
  /// What was taken since the last call.
  ///
  /// - Parameter told: how many messages were told of last, by queue.
  func takenNews(_ names: BrokerNames, from worker: String, since told: inout [String: Int])
    -> [QueueNews]
  {
    let ofLanes = lanes.map(\.taken)
    let queues: [(name: String, times: [(TakenTimes, queue: Int)])] = [
      (names.events, ofLanes.map { ($0, Lane.Queue.events) }),
      (names.retries, ofLanes.map { ($0, Lane.Queue.retries) }),
      (names.bulk, ofLanes.map { ($0, Lane.Queue.bulk) }),
      (names.rejected, [(rejectedTaken, 0)]),
    ]
    var news: [QueueNews] = []
    for (name, times) in queues {
      let count = times.reduce(0) { $0 + $1.0.count(ofQueue: $1.queue) }
      guard count != told[name] ?? 0 else { continue }
      told[name] = count
      let last = times.compactMap { $0.0.last(queue: $0.queue) }
        .max { $0.takenAt < $1.takenAt }
      news.append(
        QueueNews(worker: worker, queue: name, count: count, publishedAt: last?.publishedAt))
    }
    return news
  }
}
