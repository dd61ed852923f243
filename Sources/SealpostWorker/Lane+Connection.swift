import Logging
import SealpostBroker
import SealpostCore
import SealpostSigning
import SealpostStore
import SealpostTransport

/// The lane's consuming connection: taken over when it stands, given up when it breaks.
extension Lane {
  /// Takes over a connected consumer.
  func take(_ connected: BrokerConsumer) {
    guard drainDeadline == nil, pause == .none else { return connected.close() }
    consumer = connected
    consumingSince = instant
    wasOfUse = false
    acknowledgements = Acknowledgements()
    isReading = true
    mayHaveMore = true
    lastFrame = instant
    guard
      (try? poller.add(
        connected.fileDescriptor, token: PollToken.broker, events: .readable)) != nil
    else { return lose(.connectionLost("its socket cannot be watched")) }
    surroundings.logger.info("consuming", metadata: ["queue": "\(names.events)"])
  }

  /// Gives the connection up: the broker delivers again what was not acknowledged on it, so what has
  /// not been sent yet is dropped here; what is under way goes on and is recorded.
  func lose(_ error: BrokerError) {
    guard let lost = consumer else { return }
    surroundings.logger.warning(
      "the consuming connection is lost, connecting again",
      metadata: ["error": "\(error.sentence)"])
    try? poller.remove(lost.fileDescriptor)
    lost.close()
    consumer = nil
    connection += 1
    mayHaveMore = false
    metrics.count(.connectionLosses)
    messages.forEachIndex { messages[$0].pointee.isAbandoned = true }
    abandonWaiting()
    if drainDeadline == nil, pause == .none {
      wasOfUse = wasOfUse || instant - consumingSince >= Self.longEnoughConsuming
      surroundings.connector.connect(afterUse: wasOfUse)
    }
  }

  /// Lets go of what has not begun: a message of which any part waits is not acknowledged. One whose
  /// requests are all on their way may still end as it should.
  func abandonWaiting() {
    var idle = suspects.removeWaiting() + awaitingDirectory
    awaitingDirectory = []
    for message in idle + questions.keys { messages[message].pointee.isAbandoned = true }
    let waiting = dispatcher.removeWaiting()
    for delivery in waiting {
      messages[deliveries[delivery].pointee.message].pointee.isAbandoned = true
    }
    for delivery in waiting { settle(delivery: delivery) }
    idle.removeAll { messages[$0].pointee.pending > 0 }
    for message in idle { settle(message: message) }
  }

  /// Reads what the broker sent, at most a turn's worth.
  func readBroker() {
    guard let consumer, mayHaveMore, isReading else { return }
    do throws(BrokerError) {
      let count = try consumer.read(limit: Self.messagesPerTurn) { take($0) }
      mayHaveMore = count == Self.messagesPerTurn
      // Those of a connection that was lost count as well while they are under way.
      guard messages.count <= 5 * surroundings.settings.prefetch + engine.capacity else {
        throw .connectionLost("it sent more messages than were asked for")
      }
    } catch {
      return lose(error)
    }
    watchBudget()
  }

  /// Stops reading while the bodies held are over the budget, and goes on when there is room.
  func watchBudget() {
    guard let consumer else { return }
    let hasRoom = heldBytes < surroundings.settings.bodyBudget
    guard hasRoom != isReading else { return }
    isReading = hasRoom
    mayHaveMore = hasRoom
    try? poller.modify(
      consumer.fileDescriptor, token: PollToken.broker, events: hasRoom ? .readable : [])
  }

  /// Keeps the connection alive while it is not read.
  func heartbeat() {
    guard let consumer else { return }
    do throws(BrokerError) {
      if isReading {
        mayHaveMore = true
      } else {
        try consumer.sendHeartbeatIfDue()
      }
    } catch {
      lose(error)
    }
  }

  /// Acknowledges what has settled.
  func acknowledge(threshold: Int? = nil) {
    guard let consumer else { return }
    let batch = acknowledgements.take(
      threshold: threshold ?? min(128, max(16, surroundings.settings.prefetch / 8)))
    if batch != Acknowledgements.Batch() { wasOfUse = true }
    do throws(BrokerError) {
      if let tag = batch.upTo { try consumer.acknowledge(tag, multiple: true) }
      for tag in batch.single { try consumer.acknowledge(tag, multiple: false) }
    } catch {
      lose(error)
    }
  }

  /// Stops consuming; what is in flight may end until the deadline.
  func drain(until deadline: Int64) {
    guard drainDeadline == nil else { return }
    drainDeadline = deadline
    surroundings.connector.stop()
    do throws(BrokerError) {
      try consumer?.cancel()
    } catch {
      lose(error)
    }
    abandonWaiting()
  }

  /// Stops consuming until the directory says that deliveries go on; what is in flight may end.
  func beginPause() {
    guard pause == .none, drainDeadline == nil else { return }
    pause = .emptying
    surroundings.logger.info("paused: deliveries stay with the broker")
    do throws(BrokerError) {
      try consumer?.cancel()
    } catch {
      lose(error)
    }
    abandonWaiting()
  }

  /// Gives the connection up once a pause has emptied the lane, and takes a new one when it is over.
  func endPause() {
    if pause == .emptying, messages.count == 0 {
      acknowledge(threshold: 1)
      if let consumer {
        try? poller.remove(consumer.fileDescriptor)
        consumer.end()
        self.consumer = nil
        connection += 1
      }
      pause = .paused
    }
    guard pause == .paused, !directory.isPaused, drainDeadline == nil else { return }
    pause = .none
    surroundings.logger.info("the pause is over")
    surroundings.connector.connect()
  }

  /// Ends a drained lane.
  func endDrain() {
    guard let drainDeadline, messages.count == 0 || instant >= drainDeadline else { return }
    if messages.count > 0 {
      surroundings.logger.warning(
        "stopped with deliveries in flight, the broker delivers them again",
        metadata: ["messages": "\(messages.count)"])
    }
    acknowledge(threshold: 1)
    consumer?.end()
    consumer = nil
    isStopped = true
  }
}
