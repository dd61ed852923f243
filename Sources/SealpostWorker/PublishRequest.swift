import SealpostBroker
import SealpostThreads

/// A message that a lane wants on the broker: the next attempt of a delivery, or a message set aside.
///
/// Sendable because the memory behind its pointers belongs to a message that the lane holds until
/// the publish is confirmed, and neither side writes to it.
struct PublishRequest: @unchecked Sendable {
  let lane: Mailbox<LaneMessage>
  let ticket: PublishTicket
  var message: OutgoingMessage
}
