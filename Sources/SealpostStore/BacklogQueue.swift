public import SealpostCore

/// A webhook that deliveries wait for.
public struct WaitingWebhook: Hashable, Sendable {
  /// Its key.
  public var key: Int64
  /// The key of the newest row that waits for it; 0 where that is there because the ladder took no retry, which
  /// says nothing about the webhook.
  public var newest: Int64
}

/// A delivery that waits in the backlog.
public struct WaitingDelivery: Sendable {
  /// The row's key.
  public var id: Int64
  /// How often it came back; rises when it does.
  public var generation: Int
  /// The delivery, as it is published.
  public var resend: Resend
  /// The number of the attempt to make.
  public var attempt: Int
  /// When the run's first attempt began.
  public var firstAttemptAt: Timestamp
}

/// Deliveries that wait in the backlog and go on by themselves. Blocks its caller.
public protocol BacklogQueue: Sendable {
  /// Takes or keeps what only one worker may do at a time; false where another one has it.
  func takeLease(_ name: String, owner: String, for duration: Duration) throws(StoreError) -> Bool

  /// Lets another one take it at once; what another one has stays as it is.
  func giveBackLease(_ name: String, owner: String) throws(StoreError)

  /// The webhooks that deliveries wait for, without those that are paused. What waits for one that was removed,
  /// paused or not, goes on to its end.
  func waitingWebhooks(now: Timestamp) throws(StoreError) -> [WaitingWebhook]

  /// What waits for a webhook and may go on, in the order of its time.
  func waiting(for webhook: Int64, now: Timestamp, limit: Int) throws(StoreError)
    -> [WaitingDelivery]

  /// Takes out what is on the broker again, but for rows that came back in the meantime.
  func removeWaiting(_ deliveries: [WaitingDelivery]) throws(StoreError)

  /// Ends what waited for too long, or parked for too long, or is too much for one webhook: the oldest, at
  /// most `slice` of them. Their ends are in the log.
  ///
  /// - Returns: how many.
  func expire(
    waitingBefore: Timestamp, parkedBefore: Timestamp, mostOfWebhook: Int, slice: Int
  ) throws(StoreError) -> Int
}
