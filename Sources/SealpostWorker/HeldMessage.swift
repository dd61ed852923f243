import Glibc
import SealpostBroker
import SealpostCore

/// A message of the broker that a lane works on, from its last frame until it is settled.
///
/// Owns the message's memory: every pointer here leads into the message's block or into `extra`, and
/// is good until `free()`.
struct HeldMessage {
  /// What the broker delivered.
  var message: BrokerMessage
  /// Which of the lane's connections delivered it: an acknowledgement on another one is void.
  let connection: Int
  /// When the lane read it.
  let receivedAt: Timestamp
  /// The same on the monotonic clock, in nanoseconds.
  let heldSince: Int64
  /// How many deliveries, questions and publishes keep it.
  var pending = 0
  /// How many of those are deliveries under way that are in the backlog too.
  var detached = 0
  /// Set once it is acknowledged, before its last delivery has ended.
  var isAcknowledged = false
  /// Set once a request of it was begun.
  var hadRequests = false
  /// Set where it must come back from the broker instead of being acknowledged.
  var isAbandoned = false
  /// How many of its deliveries have a request under way.
  var requests = 0
  /// Set once the directory was refreshed on account of this message.
  var hasCaughtUp = false
  /// Set once the log was asked how far it had come.
  var isProgressKnown = false
  /// Whose it is, where the lane counts what it holds of each account; -1 where it does not.
  var accountSlot: Int32 = -1
  /// The event's identity, name and account as read from body and properties.
  var eventID = UnsafeRawBufferPointer(start: nil, count: 0)
  var eventName = UnsafeRawBufferPointer(start: nil, count: 0)
  var account = UnsafeRawBufferPointer(start: nil, count: 0)
  var triggeredAt = Timestamp(nanoseconds: 0)

  private var extra: UnsafeMutableRawBufferPointer?

  init(_ message: BrokerMessage, connection: Int, receivedAt: Timestamp, heldSince: Int64) {
    self.message = message
    self.connection = connection
    self.receivedAt = receivedAt
    self.heldSince = heldSince
    self.isProgressKnown = !message.redelivered
  }

  /// The bytes that count towards the lane's body budget.
  var heldBytes: Int { message.body.count + 512 }

  /// Copies what does not stand in the message itself into memory that lives as long as it.
  mutating func keep(id: some Collection<UInt8>, name: UnsafeRawBufferPointer) {
    let nameIsInBody =
      name.baseAddress.map {
        $0 >= message.body.baseAddress! && $0 < message.body.baseAddress! + message.body.count
      } ?? false
    let copied = nameIsInBody ? 0 : name.count
    guard id.count + copied > 0 else {
      eventName = name
      return
    }
    extra?.deallocate()
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: id.count + copied, alignment: 1)
    extra = memory
    if !id.isEmpty {
      UnsafeMutableRawBufferPointer(rebasing: memory[..<id.count]).copyBytes(from: id)
      eventID = UnsafeRawBufferPointer(rebasing: memory[..<id.count])
    }
    if nameIsInBody {
      eventName = name
    } else {
      UnsafeMutableRawBufferPointer(rebasing: memory[id.count...]).copyMemory(from: name)
      eventName = UnsafeRawBufferPointer(rebasing: memory[id.count...])
    }
  }

  /// Gives the memory back. Exactly once.
  func free() {
    extra?.deallocate()
    message.free()
  }
}
