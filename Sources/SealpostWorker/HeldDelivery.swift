import SealpostBroker
import SealpostCore

/// One event for one webhook, from fan-out until its attempt is durable.
struct HeldDelivery {
  /// The index of its message.
  let message: Int32
  /// The webhook as the directory had it when the delivery was taken up.
  let entry: DirectoryEntry
  /// 0 for the fan-out; each resend is a run of its own.
  let run: Int
  /// The number of this attempt, from 1.
  let attempt: Int
  /// How often the delivery was put off without a request.
  let deferrals: Int
  /// When the first attempt of the run began.
  let firstAttemptAt: Timestamp
  /// What began the run.
  let trigger: AttemptTrigger
  /// Whether its account was over its share.
  var isBulk = false
  /// When the request went out.
  var sentAt = Timestamp(nanoseconds: 0)
  /// The same on the monotonic clock; 0 while no request is under way.
  var startedAt: Int64 = 0
  /// Where on the ladder the next attempt waits, where there is to be one.
  var nextStep: LadderStep?
  /// Whether that is this attempt once more, which has not been made.
  var isDeferred = false
  /// Whether it is in the backlog while its request is under way.
  var isInBacklog = false
  /// Whether what waits there may be on its way a second time.
  var copy = RetryHeaders.Copy.none

  /// Why this attempt is made.
  var attemptTrigger: AttemptTrigger { attempt > 1 ? .retry : trigger }

  /// The line it waits in.
  var line: Dispatcher.Line {
    isBulk ? .bulk : attempt == 1 && run == 0 ? .firstAttempt : .retry
  }
}
