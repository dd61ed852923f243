import Logging
import SealpostCore

/// Counts rejected messages and says so now and then: a flood of them must not flood the log. Pure but
/// for the line it writes.
struct RejectionLog {
  private static let interval = Duration.seconds(10)

  private var count = 0
  private var last: EventFault?
  private var reportedAt = Timestamp(nanoseconds: 0)

  mutating func note(_ fault: EventFault) {
    count += 1
    last = fault
  }

  mutating func report(to logger: Logger, at now: Timestamp) {
    guard let fault = last, now - reportedAt >= Self.interval else { return }
    logger.warning(
      "messages were rejected, see `sealpost rejected list`",
      metadata: ["count": "\(count)", "last": "\(fault.id)", "why": "\(fault.sentence)"])
    self = RejectionLog()
    reportedAt = now
  }
}
