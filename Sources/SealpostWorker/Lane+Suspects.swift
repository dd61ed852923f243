import Logging
import SealpostBroker
import SealpostCore
import SealpostSigning
import SealpostStore
import SealpostTransport

/// Poison: a message that was under way at many crashes is tried behind a row that tells the next start what
/// was being tried.
extension Lane {
  /// Begins with the suspects whose turn it is.
  func trySuspects() {
    while let (index, isAlone) = suspects.next(underWay: messagesUnderWay) {
      messages[index].pointee.pending += 1
      surroundings.recorder.post(
        .beginSuspect(
          SuspectQuestion(
            lane: surroundings.mailbox, message: index, key: suspectKey(index), isAlone: isAlone)))
    }
  }

  /// Tries a suspect, now or when it can be alone, or sets it aside where a worker died trying it so.
  func decide(suspect index: Int32, _ verdict: SuspectVerdict) {
    messages[index].pointee.pending -= 1
    suspects.begin(index)
    if messages[index].pointee.isAbandoned { return settle(message: index) }
    switch verdict {
    case .taken: admit(index)
    case .mustBeAlone:
      suspects.putApart(index)
      trySuspects()
    case .leftBehind: reject(index, .crashedWorker)
    }
  }

  /// Ends a suspect's turn, when it is settled.
  func endSuspect(_ index: Int32) {
    let (wasTried, released) = suspects.end(index)
    guard wasTried else { return }
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
