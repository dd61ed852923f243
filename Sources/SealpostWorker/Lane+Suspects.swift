import Logging
import SealpostBroker
import SealpostCore
import SealpostSigning
import SealpostStore
import SealpostTransport

/// Poison: a message that was under way at many crashes is tried alone, behind a row that tells the
/// next start what was being tried.
extension Lane {
  /// Begins with the next suspect when nothing else is under way.
  func trySuspect() {
    guard let index = suspects.next(underWay: messagesUnderWay) else { return }
    messages[index].pointee.pending += 1
    surroundings.recorder.post(
      .beginSuspect(lane: surroundings.mailbox, message: index, key: suspectKey(index)))
  }

  /// Tries a suspect, or sets it aside where a worker died trying it.
  func decide(suspect index: Int32, _ verdict: SuspectVerdict) {
    messages[index].pointee.pending -= 1
    suspects.begin(index)
    if messages[index].pointee.isAbandoned { return settle(message: index) }
    switch verdict {
    case .taken: admit(index)
    case .leftBehind: reject(index, .crashedWorker)
    }
  }

  /// Ends a suspect's turn, when it is settled.
  func endSuspect(_ index: Int32) {
    let (wasSuspect, released) = suspects.end(index)
    guard wasSuspect else { return }
    surroundings.recorder.post(.endSuspect(key: suspectKey(index)))
    for message in released { admit(message) }
  }

  /// How many messages have something of theirs under way.
  private var messagesUnderWay: Int { deliveries.count + questions.count + awaitingDirectory.count }

  /// The same on every redelivery of one message, and different for different ones.
  private func suspectKey(_ index: Int32) -> String {
    let message = messages[index].pointee.message
    var hasher = StableHash()
    hasher.combine(UInt8(message.queue))
    hasher.combine(message.body)
    if let id = message.messageID { hasher.combine(id) }
    if case .parsed(let retry) = message.retry {
      hasher.combine(retry.webhook)
      hasher.combine(UInt8(truncatingIfNeeded: retry.attempt))
    }
    return hasher.hexadecimal
  }
}
