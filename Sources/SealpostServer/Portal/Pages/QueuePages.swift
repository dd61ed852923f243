import SealpostBroker
import SealpostControl
import SealpostCore
import SealpostStore

/// How much waits, where, and since when.
enum QueuePages {
  private struct Count {
    let countLabel, countPath, count, countHint: String
  }

  private struct Queue {
    let queue, queueHint: String
    let messages: Int
    let coming, going, oldest: String
    let consumers: Int

    /// - Parameter rates: nil where they are not known.
    init(
      _ name: String, hint: String, messages: Int, consumers: Int, oldestAge: Duration,
      rates: (arriving: Double, leaving: Double)? = nil
    ) {
      queue = name
      queueHint = hint
      self.messages = messages
      self.consumers = consumers
      oldest = messages > 0 ? oldestAge.spoken : "–"
      coming = rates.map { Self.spoken($0.arriving) } ?? "–"
      going = rates.map { Self.spoken($0.leaving) } ?? "–"
    }

    private static func spoken(_ rate: Double) -> String {
      rate > 0 && rate < 10 ? "\((rate * 10).rounded() / 10)" : "\(Int(rate.rounded()))"
    }
  }

  private struct Broker {
    let problem: String?
    let charts: [DepthChart]
    let queues: [Queue]
  }

  private struct View {
    let counts: [Count]
    let broker: Broker?
  }

  private static let mostCounted = 100_000

  static let routes: [PortalRoute] = [
    .get("/queues") { visit in
      .page("queues", title: "Queues", section: .queues, view: try await view(visit))
    },
    .get("/queues/figures") { visit in .part("queue-figures", view: try await view(visit)) },
  ]

  private static func view(_ visit: PortalVisit) async throws -> View {
    let counts = try await visit.control.backlogCounts(account: nil, by: visit.principal)
    let rejected = try await visit.control.rejected(
      account: nil, before: nil, limit: 100, by: visit.principal
    ).count
    func count(_ state: BacklogState) -> String {
      let number = counts[state] ?? 0
      return number >= mostCounted ? "\(number)+" : "\(number)"
    }
    return View(
      counts: [
        Count(
          countLabel: "Waiting", countPath: "/dead?state=waiting", count: count(.waiting),
          countHint: "for a webhook to take deliveries again"),
        Count(
          countLabel: "Parked", countPath: "/dead?state=parked", count: count(.parked),
          countHint: "of webhooks that are off or suspended"),
        Count(
          countLabel: "Exhausted", countPath: "/dead?state=exhausted", count: count(.exhausted),
          countHint: "attempts used up"),
        Count(
          countLabel: "Rejected", countPath: "/rejected",
          count: rejected >= 100 ? "100+" : "\(rejected)", countHint: "no valid events"),
      ], broker: visit.holder.isAdministrator ? await broker(visit) : nil)
  }

  private static func broker(_ visit: PortalVisit) async -> Broker {
    let names = visit.control.settings.broker.names
    let ladder = Set((0..<DelayLadder.levels).map(names.delay))
    let history = visit.control.queueMonitor.history
    let end = Timestamp.now()
    var states = visit.control.queueMonitor.latest?.queues ?? []
    var problem: String?
    do {
      states = try await visit.control.queues(by: visit.holder)
    } catch {
      problem = "The broker cannot be reached now. This is what was read last."
    }
    var queues = states.filter { !ladder.contains($0.depth.queue) }.map {
      Queue(
        $0.depth.queue, hint: hint($0.depth.queue, names), messages: $0.depth.messages,
        consumers: $0.depth.consumers, oldestAge: $0.oldestAge, rates: $0.rates)
    }
    let delayed = states.filter { ladder.contains($0.depth.queue) }
    if !delayed.isEmpty {
      queues.append(
        Queue(
          "delay.0 … \(DelayLadder.levels - 1)", hint: "retries until they are due",
          messages: delayed.reduce(0) { $0 + $1.depth.messages }, consumers: 0,
          oldestAge: delayed.map(\.oldestAge).max() ?? .zero))
    }
    return Broker(
      problem: problem,
      charts: [
        DepthChart("Events", hint: "to be sent for the first time", history, end: end) {
          $0 == names.events || $0 == names.bulk
        },
        DepthChart("Due", hint: "retries that are due", history, end: end) { $0 == names.retries },
        DepthChart("Delayed", hint: "retries that wait for their time", history, end: end) {
          ladder.contains($0)
        },
      ], queues: queues)
  }

  private static func hint(_ queue: String, _ names: BrokerNames) -> String {
    switch queue {
    case names.events: "events to be sent for the first time"
    case names.bulk: "what an account has over its share"
    case names.retries: "retries and resends that are due"
    case names.rejected: "no valid events, on their way to the store"
    default: ""
    }
  }
}
