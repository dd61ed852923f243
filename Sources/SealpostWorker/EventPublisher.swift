public import SealpostBroker
import SealpostCore
public import SealpostStore
public import ServiceLifecycle
import Synchronization

/// Publishes what people and programs hand in over HTTP or by a command: one thread with a connection of its
/// own, made when it is first needed. A caller is answered when the broker has all of its messages.
public final class EventPublisher: Service {
  /// A message to publish.
  public enum Message: Sendable {
    /// A new event, to the exchange that others publish to.
    case event(name: String, id: String?, account: String, body: [UInt8])
    /// A delivery as a new run, straight to what is due.
    case delivery(Resend)
    /// A rejected message as it was, straight to the queue of events.
    case rejected(id: String?, account: String?, body: [UInt8])
  }

  private struct Request: Sendable {
    let messages: [Message]
    let answer: CheckedContinuation<BrokerError?, Never>
  }

  private enum Order: Sendable {
    case publish(Request)
    case stop
  }

  private static let deadline: Int64 = 10_000_000_000
  private static let window = 1000
  private static let idleTime: Int32 = 1000

  private let settings: BrokerSettings
  private let mailbox = Mailbox<Order>()
  private let state = Mutex(State())

  private struct State {
    var thread: WorkerThread?
    var isStopped = false
  }

  /// Makes a publisher that connects when it has something to publish.
  public init(settings: BrokerSettings) { self.settings = settings }

  /// Publishes messages and returns when the broker has all of them.
  ///
  /// - Throws: where one was returned, refused, or not confirmed in time. Others may have been taken: whoever
  ///   repeats the call gives each the same identity.
  public func publish(_ messages: [Message]) async throws(BrokerError) {
    guard !messages.isEmpty else { return }
    let failure = await withCheckedContinuation { continuation in
      let isAccepted = state.withLock { state in
        guard !state.isStopped else { return false }
        if state.thread == nil { state.thread = WorkerThread("api-publisher") { self.work() } }
        mailbox.post(.publish(Request(messages: messages, answer: continuation)))
        return true
      }
      if !isAccepted { continuation.resume(returning: .deadline("Sealpost is stopping")) }
    }
    if let failure { throw failure }
  }

  /// Waits for a graceful shutdown, then ends the thread after what was handed in before. Nothing can be
  /// published any more then.
  public func run() async throws {
    try? await gracefulShutdown()
    let running = state.withLock { state in
      state.isStopped = true
      mailbox.post(.stop)
      return state.thread
    }
    await running?.ended()
  }

  private func work() {
    var publisher: ConfirmingPublisher?
    var isStopping = false
    while !isStopping {
      do throws(BrokerError) {
        if let publisher {
          // Also answers heartbeats.
          try publisher.process(waitMilliseconds: Self.idleTime, wake: mailbox.fileDescriptor) {
            _, _ in
          }
        } else {
          mailbox.wait(milliseconds: -1)
        }
      } catch {
        publisher?.close()
        publisher = nil
      }
      for order in mailbox.drain() {
        switch order {
        case .publish(let request): request.answer.resume(returning: serve(request, &publisher))
        case .stop: isStopping = true
        }
      }
    }
    publisher?.close()
  }

  /// Carries out a request; what went wrong. A connection that broke while it was idle is made again once.
  private func serve(_ request: Request, _ publisher: inout ConfirmingPublisher?) -> BrokerError? {
    let wasConnected = publisher != nil
    var failure = attempt(request, &publisher)
    if wasConnected, publisher == nil, failure?.isRetriable == true {
      failure = attempt(request, &publisher)
    }
    return failure
  }

  private func attempt(_ request: Request, _ publisher: inout ConfirmingPublisher?) -> BrokerError?
  {
    do throws(BrokerError) {
      if let publisher { return try confirm(request.messages, publisher) }
      let made = try ConfirmingPublisher(
        connection: try BrokerConnection.open(settings, name: "sealpost api"))
      publisher = made
      return try confirm(request.messages, made)
    } catch {
      publisher?.close()
      publisher = nil
      return error
    }
  }

  /// Publishes messages and waits for the broker. Throws where the connection is of no use any more.
  private func confirm(_ messages: [Message], _ publisher: ConfirmingPublisher)
    throws(BrokerError) -> BrokerError?
  {
    let deadline = MonotonicTime.nanoseconds() + Self.deadline
    var next = 0
    var failure: BrokerError?
    while next < messages.count || publisher.outstanding > 0 {
      while next < messages.count, publisher.outstanding < Self.window,
        publisher.blockedReason == nil, failure == nil
      {
        try send(messages[next], publisher)
        next += 1
      }
      if failure != nil { next = messages.count }
      guard MonotonicTime.nanoseconds() < deadline else {
        throw .deadline(publisher.blockedReason ?? "not every message was confirmed within 10 s")
      }
      try publisher.process(waitMilliseconds: 100) { _, outcome in
        switch outcome {
        case .confirmed: break
        case .returned(_, let words):
          failure = .notFound(
            words: "no queue is bound for it (\(words)): start a worker once, it declares them")
        case .refused: failure = .deadline("its queue refused the message")
        }
      }
    }
    return failure
  }

  private func send(_ message: Message, _ publisher: ConfirmingPublisher) throws(BrokerError) {
    switch message {
    case .event(let name, let id, let account, let body):
      try send(
        body, id, to: settings.eventsExchange, name,
        [("account", .text(account)), BrokerMessage.queuedAtHeader(.now())], publisher)
    case .rejected(let id, let account, let body):
      try send(
        body, id, to: "", settings.names.events,
        (account.map { [("account", .text($0))] } ?? []) + [BrokerMessage.queuedAtHeader(.now())],
        publisher)
    case .delivery(let resend):
      let id = Array(resend.eventID.utf8)
      let account = Array(resend.account.utf8)
      try withTwo(id, account) { (id, account) throws(BrokerError) in
        try send(
          resend.body, resend.eventID, to: settings.names.due, "resend",
          RetryHeaders.outgoing(
            eventID: id, account: account, webhook: resend.webhookID, run: resend.run, attempt: 1,
            deferrals: 0, firstAttemptAt: nil, revision: resend.revision,
            trigger: resend.trigger, dueAt: .now()) + TraceParent.headers(resend.traceparent),
          publisher)
      }
    }
  }

  private func send(
    _ body: [UInt8], _ id: String?, to exchange: String, _ routingKey: String,
    _ headers: [(key: String, value: HeaderValue)], _ publisher: ConfirmingPublisher
  ) throws(BrokerError) {
    try withTwo(body, Array((id ?? "").utf8)) { (body, id) throws(BrokerError) in
      _ = try publisher.publish(
        OutgoingMessage(
          exchange: exchange, routingKey: routingKey, body: body,
          messageID: id.isEmpty ? nil : id, headers: headers))
    }
  }

  private func withTwo(
    _ first: [UInt8], _ second: [UInt8],
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(BrokerError) -> Void
  ) throws(BrokerError) {
    var failure: BrokerError?
    first.withUnsafeBytes { first in
      second.withUnsafeBytes { second in
        do throws(BrokerError) { try body(first, second) } catch { failure = error }
      }
    }
    if let failure { throw failure }
  }
}
