import SealpostBroker
import SealpostCore
import SealpostStore
import SealpostThreads

/// What other threads tell a lane.
enum LaneMessage: Sendable {
  /// A consumer is connected and ready; the lane's thread owns it from here.
  case connected(ConnectedConsumer)
  /// The directory as it is now, also when nothing in it changed.
  case directory(WebhookDirectory)
  /// A batch of rows is durable.
  case recorded(RecordReply)
  /// What the log knows of a redelivered message.
  case progress(ProgressReply)
  /// Publishes that the broker confirmed.
  case published([PublishTicket])
  /// Publishes that the broker does not take now: what can wait in the backlog is to go there.
  case unpublished([PublishTicket])
  /// How full the events' queue is, and how many consume it.
  case depth(QueueDepth)
  /// What another lane learned about a receiver.
  case news(WindowNews)
  /// Whether a message that may have killed a worker may be tried.
  case suspect(message: Int32, SuspectVerdict)
  /// Stop consuming, finish what is in flight by the deadline (monotonic nanoseconds), and end.
  case drain(deadline: Int64)
  /// End now.
  case stop
}

/// A consumer on its way from the thread that connected it to the lane that will own it.
///
/// Sendable because the sender does not touch it after sending.
struct ConnectedConsumer: @unchecked Sendable {
  let consumer: BrokerConsumer
}

/// Rows of one lane for the recorder. It comes back with the answer, and the lane uses it again: so the memory
/// of the rows, and the counts of references in them, are one thread's.
///
/// Sendable because lane and recorder have it in turns, so that their accesses cannot overlap either, and the
/// memory behind its pointers belongs to messages that the lane holds until the reply, and neither side writes
/// to them.
final class RecordRequest: @unchecked Sendable {
  let lane: Mailbox<LaneMessage>
  @exclusivity(unchecked) var batch = RecordBatch()
  /// The delivery of each attempt in the batch.
  @exclusivity(unchecked) var attemptDeliveries: [Int32] = []
  /// The message of each row for the backlog in the batch that a message waits for.
  var backlogMessages: [Int32] = []
  /// The deliveries under way that are in the backlog with this batch.
  var detached: [Int32] = []
  /// When the first row came in, monotonic.
  @exclusivity(unchecked) var since: Int64 = 0

  init(lane: Mailbox<LaneMessage>) { self.lane = lane }

  /// Forgets the rows, and keeps the memory that they were in.
  func removeAll() {
    batch.removeAll()
    attemptDeliveries.removeAll(keepingCapacity: true)
    backlogMessages.removeAll(keepingCapacity: true)
    detached.removeAll(keepingCapacity: true)
  }

  var isEmpty: Bool { batch.attempts.isEmpty && batch.backlog.isEmpty }
  var rows: Int { batch.attempts.count + batch.backlog.count }
}

/// The recorder's answer to a request, after its commit.
struct RecordReply: Sendable {
  let request: RecordRequest
  /// What became of each attempt's row.
  let verdicts: [RecordVerdict]
}

/// A question of what the log knows about a redelivered message.
///
/// Sendable for the same reason as `RecordRequest`.
struct ProgressQuestion: @unchecked Sendable {
  let lane: Mailbox<LaneMessage>
  let message: Int32
  let deliveries: [DeliveryQuery]
}

/// Asks whether a message that may be what kills workers may be tried, among everything else or alone.
struct SuspectQuestion: Sendable {
  let lane: Mailbox<LaneMessage>
  let message: Int32
  /// The same on every redelivery of the message.
  let key: String
  let isAlone: Bool
}

/// The log's answer, one for each delivery that was asked about.
struct ProgressReply: Sendable {
  let message: Int32
  let progress: [DeliveryProgress]
}

/// Whom a confirmed publish is for.
enum PublishTicket: Sendable {
  /// A delivery whose next attempt is on the ladder now.
  case delivery(Int32)
  /// A message that was set aside or put off as a whole.
  case message(Int32)
  /// An event that was moved to the queue of accounts over their share.
  case moved(Int32)
  /// A message that was held for too long and is in its queue again.
  case givenBack(Int32)

  /// Whether the lane knows another way where the broker does not take it now.
  var hasOtherWay: Bool {
    switch self {
    case .delivery, .moved: true
    case .message, .givenBack: false
    }
  }
}
