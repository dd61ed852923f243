import SealpostBroker
import SealpostCore
import SealpostMonitoring
import SealpostStore
import SealpostThreads
import Testing

@testable import SealpostWorker

/// What the worker counts, and when it says that it is well.
@Suite struct MetricsTests {
  private func row(
    _ outcome: AttemptOutcome, _ reason: AttemptReason? = nil, status: Int = 0, number: Int = 1
  ) -> AttemptRow {
    var row = AttemptRow(
      event: 0, webhookKey: 1, run: 0, number: number, trigger: .event, url: "http://e.test/",
      sentAt: Timestamp(seconds: 102), firstAttemptAt: Timestamp(seconds: 102))
    row.receivedAt = Timestamp(seconds: 104)
    row.timings.total = 2_000_000
    row.outcome = outcome
    row.reason = reason
    row.status = status
    return row
  }

  private func batch(_ rows: AttemptRow...) -> RecordBatch {
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    var batch = RecordBatch()
    batch.events = [
      EventRow(
        account: nothing, id: nothing, name: nothing, body: nothing,
        triggeredAt: Timestamp(seconds: 100), receivedAt: Timestamp(seconds: 101))
    ]
    batch.attempts = rows
    return batch
  }

  private func series(_ samples: [MetricSample]) -> [String: Double] {
    Dictionary(
      uniqueKeysWithValues: samples.map { sample in
        guard case .number(let number) = sample.value else { return ("", 0) }
        return (sample.labels.map(\.value).joined(separator: " "), number)
      })
  }

  @Test func aDeliveryIsCountedOnceAndItsAttemptsAsOftenAsTheyWere() {
    let recorder = RecorderMetrics()
    recorder.note(
      batch(
        row(.retry, .http(500), status: 500), row(.delivered, status: 200, number: 2),
        row(.delivered, status: 200, number: 2), row(.discarded, .webhookDeleted)),
      [.inserted, .inserted, .duplicate, .inserted])
    #expect(
      series(recorder.series(recorder.attempts))
        == ["retry http_500": 1, "delivered http_200": 2])
    #expect(
      series(recorder.series(recorder.deliveries))
        == ["delivered http_200": 1, "discarded webhook_deleted": 1])
    let later = recorder.laterLatency.snapshot()
    #expect(later.counts.reduce(0, +) == 1)
    #expect(later.sum == 4)
    #expect(recorder.firstLatency.snapshot().counts.reduce(0, +) == 0)
    #expect(recorder.deliveredDuration.snapshot().sum == 4)
    #expect(recorder.failedDuration.snapshot().sum == 2)
    #expect(recorder.wait.snapshot().sum == 3)
  }

  @Test func aReceiverCannotMakeSeriesOfItsOwn() {
    for status in -1...1200 {
      let number = ReasonLabels.number(of: status > 0 ? .http(status) : nil, status: status)
      #expect(ReasonLabels.texts.indices.contains(number))
    }
    func text(_ status: Int) -> String {
      ReasonLabels.texts[ReasonLabels.number(of: nil, status: status)]
    }
    #expect(text(200) == "http_200")
    #expect(text(418) == "http_418")
    #expect(text(299) == "http_2xx")
    #expect(text(599) == "http_5xx")
    #expect(text(999) == "http_other")
    #expect(
      ReasonLabels.texts[ReasonLabels.number(of: .dnsNotFound, status: 0)] == "dns_not_found")
    #expect(Set(ReasonLabels.texts).count == ReasonLabels.texts.count)
    #expect(ReasonLabels.texts.count < 100)
  }

  @Test func everyReasonOfTheBacklogIsCounted() {
    let recorder = RecorderMetrics()
    var batch = batch()
    for (state, reasons) in RecorderMetrics.states {
      for reason in reasons {
        batch.backlog.append(
          BacklogRow(
            event: 0, webhookKey: 1, run: 0, attempt: 1, firstAttemptAt: .now(), state: state,
            reason: reason))
      }
    }
    recorder.note(batch, [])
    #expect(series(recorder.backloggedSeries).values.allSatisfy { $0 == 1 })
    #expect(recorder.backloggedSeries.count == 9)
  }

  @Test func publishesAreCountedByWhereTheyGo() {
    let publisher = PublisherMetrics()
    let lane = Mailbox<LaneMessage>()
    func request(_ ticket: PublishTicket, exchange: String) -> PublishRequest {
      PublishRequest(
        lane: lane, ticket: ticket,
        message: OutgoingMessage(
          exchange: exchange, routingKey: "", body: UnsafeRawBufferPointer(start: nil, count: 0)))
    }
    publisher.count(request(.delivery(1), exchange: "delay"), .confirmed)
    publisher.count(request(.message(1), exchange: "delay"), .confirmed)
    publisher.count(request(.message(1), exchange: ""), .refused)
    publisher.count(request(.moved(1), exchange: ""), .confirmed)
    publisher.count(request(.givenBack(1), exchange: ""), .unconfirmed)
    #expect(
      series(publisher.series).filter { $0.value > 0 } == [
        "ladder confirmed": 2, "rejected refused": 1, "bulk confirmed": 1,
        "returned unconfirmed": 1,
      ])
  }

  private func problems(_ metrics: WorkerMetrics) -> [String] {
    metrics.readiness().filter { $0.problem != nil }.map(\.name)
  }

  @Test func aWorkerIsReadyWhenAllOfItsLanesConsume() {
    let metrics = WorkerMetrics(lanes: 2)
    #expect(problems(metrics) == ["directory", "consumers", "lanes"])
    metrics.directory.note(WebhookDirectory())
    let now = Int(MonotonicTime.nanoseconds())
    for lane in metrics.lanes {
      lane.set(.isConsuming, 1)
      lane.set(.lastTurn, now)
      lane.set(.lastFrame, now)
      lane.set(.heartbeat, 30_000_000_000)
    }
    #expect(problems(metrics) == [])
    metrics.lanes[1].set(.isConsuming, 0)
    #expect(problems(metrics) == ["consumers"])
  }

  @Test func eachPartIsToldByWhatStandsStill() {
    let metrics = WorkerMetrics(lanes: 1)
    metrics.directory.note(WebhookDirectory())
    let lane = metrics.lanes[0]
    let now = Int(MonotonicTime.nanoseconds())
    lane.set(.isConsuming, 1)
    lane.set(.heartbeat, 10_000_000_000)
    lane.set(.lastTurn, now - 4_000_000_000)
    lane.set(.lastFrame, now - 19_000_000_000)
    lane.set(.oldestRow, now - 4_000_000_000)
    #expect(problems(metrics) == [])
    lane.set(.lastTurn, now - 5_000_000_000)
    #expect(problems(metrics) == ["lanes"])
    lane.set(.lastFrame, now - 20_000_000_000)
    #expect(problems(metrics) == ["lanes", "broker"])
    lane.set(.oldestRow, now - 5_000_000_000)
    #expect(problems(metrics) == ["lanes", "broker", "recorder"])
    lane.set(.oldestRow, 0)
    lane.set(.lastFrame, 0)
    #expect(problems(metrics) == ["lanes"])
  }

  @Test func whatWasTakenIsToldOnce() {
    let metrics = WorkerMetrics(lanes: 2)
    let names = BrokerSettings(urls: [], namespace: "t").names
    var told: [String: Int] = [:]
    func news() -> [QueueNews] { metrics.takenNews(names, from: "w-1", since: &told) }
    #expect(news() == [])
    let (one, two) = (metrics.lanes[0].taken, metrics.lanes[1].taken)
    one.count(queue: Lane.Queue.events)
    one.note(
      queue: Lane.Queue.events, publishedAt: Timestamp(seconds: 7), now: Timestamp(seconds: 10))
    two.count(queue: Lane.Queue.events, 2)
    two.note(
      queue: Lane.Queue.events, publishedAt: Timestamp(seconds: 5), now: Timestamp(seconds: 11))
    let first = news()
    #expect(
      first
        == [
          QueueNews(
            worker: "w-1", queue: "t.events", count: 3, publishedAt: Timestamp(seconds: 5))
        ])
    #expect(QueueNews(first[0].text) == first[0])
    #expect(WindowNews.read(first[0].text) == nil)
    #expect(news() == [])
    // Of what says nothing of its time only the number is known.
    one.count(queue: Lane.Queue.retries)
    let second = news()
    #expect(second == [QueueNews(worker: "w-1", queue: "t.retries", count: 1, publishedAt: nil)])
    #expect(QueueNews(second[0].text) == second[0])
  }
}
