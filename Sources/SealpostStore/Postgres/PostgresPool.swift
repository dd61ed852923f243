import Foundation
import SealpostCore

/// Threads with a connection each, which do what they are given in turn: libpq blocks, so it runs nowhere
/// else.
final class PostgresPool: Sendable {
  fileprivate typealias Job = @Sendable (inout PostgresSession) -> Void

  private let jobs = Jobs()

  /// Starts the threads. They connect when they have something to do.
  init(url: String, losses: PostgresLosses, name: String, threads: Int) {
    for number in 0..<threads {
      let jobs = jobs
      let thread = Thread {
        var session = PostgresSession(url: url, losses: losses)
        while let job = jobs.next() { job(&session) }
      }
      thread.name = "\(name)-\(number)"
      thread.start()
    }
  }

  /// The threads end when they have done what they were given.
  deinit { jobs.end() }

  /// Has work done and waits without holding a thread.
  func run<T: Sendable>(_ work: @escaping @Sendable (inout PostgresSession) throws -> T)
    async throws -> T
  {
    try await withCheckedThrowingContinuation { continuation in
      jobs.add { session in continuation.resume(with: Result { try work(&session) }) }
    }
  }

  /// Has work done while the caller's thread waits.
  func runBlocking<T>(_ work: (inout PostgresSession) throws -> T) throws -> T {
    try withoutActuallyEscaping(work) { work in
      let errand = Errand(work)
      jobs.add { errand.run(&$0) }
      return try errand.result()
    }
  }
}

/// What waits for a thread.
///
/// Unchecked: the state is only touched while the condition is locked.
private final class Jobs: @unchecked Sendable {
  private let condition = NSCondition()
  private var waiting: [PostgresPool.Job] = []
  private var isOver = false

  func add(_ job: @escaping PostgresPool.Job) {
    condition.withLock {
      waiting.append(job)
      condition.signal()
    }
  }

  func end() {
    condition.withLock {
      isOver = true
      condition.broadcast()
    }
  }

  /// The next job, which is waited for; nil at the end.
  func next() -> PostgresPool.Job? {
    condition.withLock {
      while waiting.isEmpty {
        if isOver { return nil }
        condition.wait()
      }
      return waiting.removeFirst()
    }
  }
}

/// Work for another thread, which its caller waits for.
///
/// Unchecked: the worker's thread touches it before it signals, the caller's after that.
private final class Errand<T>: @unchecked Sendable {
  /// Nil when it is done: the caller's closure may not be held for longer than the caller waits.
  private var work: ((inout PostgresSession) throws -> T)?
  private let isDone = DispatchSemaphore(value: 0)
  private var outcome: Result<T, any Error>?

  init(_ work: @escaping (inout PostgresSession) throws -> T) { self.work = work }

  func run(_ session: inout PostgresSession) {
    perform(&session)
    work = nil
    isDone.signal()
  }

  private func perform(_ session: inout PostgresSession) {
    outcome = work.map { work in Result { try work(&session) } }
  }

  func result() throws -> T {
    isDone.wait()
    guard let outcome else { preconditionFailure("signalled before it was done") }
    return try outcome.get()
  }
}
