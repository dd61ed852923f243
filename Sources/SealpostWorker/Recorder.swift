import DequeModule
import Glibc
import Logging
import SealpostCore
import SealpostMonitoring
import SealpostStore
import SealpostThreads
import Synchronization

/// Writes the event log for all lanes: one thread, one transaction for many rows.
///
/// A row that waits is committed 40 ms after the first one came, or as soon as 1,000 wait. Whoever
/// asks a question is answered at once, after everything posted before it is committed. A commit
/// that fails is tried again for ever: the lanes notice that answers stay away and start nothing new,
/// and the broker keeps every message until its rows are durable.
final class Recorder: Sendable {
  /// What lanes ask.
  enum Request: Sendable {
    case record(RecordRequest)
    case progress(ProgressQuestion)
    case beginSuspect(SuspectQuestion)
    case endSuspect(key: String)
    case stop
  }

  private static let batchRows = 1000
  private static let batchDelay: Int64 = 40_000_000

  private let store: any RecordingStore & HealthStore
  private let workerName: String
  private let healthPolicy: HealthPolicy
  private let metrics: RecorderMetrics
  private let logger: Logger
  private let mailbox = Mailbox<Request>(signalWeight: batchRows)
  private let stopsAt = Atomic(Int64.max)

  init(
    store: any RecordingStore & HealthStore, workerName: String, healthPolicy: HealthPolicy,
    metrics: RecorderMetrics, logger: Logger
  ) {
    self.metrics = metrics
    self.healthPolicy = healthPolicy
    self.store = store
    self.workerName = workerName
    self.logger = logger
  }

  /// Leaves a request. Any thread; the answer comes to the lane's mailbox.
  func post(_ request: Request) {
    let weight =
      switch request {
      case .record(let records): records.rows
      default: Self.batchRows
      }
    mailbox.post(request, weight: weight)
  }

  /// Ends the thread once what was posted is committed, or at the latest after `patience` where the store
  /// fails: what is not committed by then was not acknowledged either.
  func stop(within patience: Duration) {
    stopsAt.store(MonotonicTime.nanoseconds() + patience.nanoseconds, ordering: .releasing)
    post(.stop)
  }

  /// The recorder's thread: until a `stop` request, after what was posted before it.
  func run() {
    var suspects = SuspectTurns()
    var isStopping = false
    var health = HealthTracker(policy: healthPolicy)
    while true {
      mailbox.wait(milliseconds: -1)
      // Who is alone waits for nobody.
      if suspects.current == nil { gather() }
      var records: [RecordRequest] = []
      var questions: [ProgressQuestion] = []
      for request in mailbox.drain() {
        switch request {
        case .record(let record): records.append(record)
        case .progress(let question): questions.append(question)
        case .beginSuspect(let question) where question.isAlone: suspects.alone.append(question)
        case .beginSuspect(let question): suspects.together.append(question)
        case .endSuspect(let key): suspects.ended.append(key)
        case .stop: isStopping = true
        }
        if isStopping { break }
      }
      commit(&records, &health)
      answer(questions)
      end(&suspects)
      if isStopping { return }
      begin(&suspects)
    }
  }

  /// Waits for more rows, at most the batch's delay from the first.
  private func gather() {
    let deadline = MonotonicTime.nanoseconds() + Self.batchDelay
    while mailbox.weight > 0, mailbox.weight < Self.batchRows {
      let left = deadline - MonotonicTime.nanoseconds()
      guard left > 0 else { return }
      mailbox.clearSignal()
      if mailbox.weight >= Self.batchRows { return }
      mailbox.wait(milliseconds: Int32(left / 1_000_000) + 1)
    }
  }

  private func commit(_ requests: inout [RecordRequest], _ health: inout HealthTracker) {
    guard !requests.isEmpty, let verdicts = record(requests) else { return }
    metrics.batchRows.observe(requests.reduce(0) { $0 + $1.rows })
    // Before the lanes hear of it: what the rows point into is theirs, and may go then.
    for (request, verdicts) in zip(requests, verdicts) {
      metrics.note(request.batch, verdicts)
      let events = request.batch.events
      request.batch.attempts.withUnsafeBufferPointer { rows in
        for index in rows.indices
        where verdicts[index] == .inserted
          && health.isConcerned(by: rows[index].outcome, wasUnwell: rows[index].wasUnwell)
        {
          health.note(rows[index], of: events[rows[index].event])
        }
      }
    }
    for (request, verdicts) in zip(requests, verdicts) {
      request.lane.post(.recorded(RecordReply(request: request, verdicts: verdicts)))
    }
    requests = []
    let changes = health.takeChanges()
    guard !changes.isEmpty else { return }
    _ = perform("note health", { () throws(StoreError) in try store.apply(changes) })
  }

  /// Writes the rows; nil where it is told to give up.
  private func record(_ requests: [RecordRequest]) -> [[RecordVerdict]]? {
    let batches = requests.map(\.batch)
    var verdicts: [[RecordVerdict]]?
    _ = perform(
      "record attempts",
      { () throws(StoreError) in
        let begun = MonotonicTime.nanoseconds()
        verdicts = try store.record(batches)
        metrics.commit.observe(Int((MonotonicTime.nanoseconds() - begun) / 1000))
      })
    return verdicts
  }

  /// Answers what was asked, many questions with one look into the log.
  private func answer(_ questions: [ProgressQuestion]) {
    var rest = questions[...]
    while !rest.isEmpty {
      var count = 0
      let asked = rest.prefix { question in
        defer { count += question.deliveries.count }
        return count < Self.batchRows
      }
      rest = rest.dropFirst(asked.count)
      let all = asked.flatMap(\.deliveries)
      var progress: [DeliveryProgress] = []
      guard
        perform(
          "read the log", { () throws(StoreError) in progress = try store.progress(of: all) })
      else { return }
      var answers = progress[...]
      for question in asked {
        let count = question.deliveries.count
        question.lane.post(
          .progress(
            ProgressReply(message: question.message, progress: Array(answers.prefix(count)))))
        answers = answers.dropFirst(count)
      }
    }
  }

  /// One suspect at a time is alone in the whole process: two rows left behind would blame both.
  private func begin(_ suspects: inout SuspectTurns) {
    _ = note(suspects.together)
    suspects.together = []
    while suspects.current == nil, let next = suspects.alone.popFirst() {
      if note([next]) == [.taken] { suspects.current = next.key }
    }
  }

  /// Writes the rows of suspects and answers their lanes; no answers where it is told to give up.
  private func note(_ questions: [SuspectQuestion]) -> [SuspectVerdict] {
    guard let isAlone = questions.first?.isAlone else { return [] }
    var verdicts: [SuspectVerdict] = []
    _ = perform(
      "note suspects",
      { () throws(StoreError) in
        verdicts = try store.beginSuspects(
          questions.map(\.key), worker: workerName, isAlone: isAlone)
      })
    for (question, verdict) in zip(questions, verdicts) {
      question.lane.post(.suspect(message: question.message, verdict))
    }
    return verdicts
  }

  private func end(_ suspects: inout SuspectTurns) {
    guard !suspects.ended.isEmpty else { return }
    let ended = suspects.ended
    suspects.ended = []
    _ = perform("clear suspects", { () throws(StoreError) in try store.endSuspects(ended) })
    if let current = suspects.current, ended.contains(current) { suspects.current = nil }
  }

  /// Does `work` until it succeeds, with a pause after each failure; false when told to give up.
  private func perform(_ what: String, _ work: () throws(StoreError) -> Void) -> Bool {
    var pause: useconds_t = 50_000
    while MonotonicTime.nanoseconds() < stopsAt.load(ordering: .acquiring) {
      do throws(StoreError) {
        try work()
        return true
      } catch {
        metrics.failures.add(at: 0)
        logger.error(
          "the store failed, deliveries wait until it works again",
          metadata: ["what": "\(what)", "error": "\(error.sentence)"])
        usleep(pause)
        pause = min(pause * 2, 2_000_000)
      }
    }
    return false
  }
}

/// The suspects whose rows are to be written or removed, and which one is tried alone.
private struct SuspectTurns {
  var together: [SuspectQuestion] = []
  var alone: Deque<SuspectQuestion> = []
  var ended: [String] = []
  var current: String?
}
