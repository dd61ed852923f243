public import SealpostCore

/// Keeps replays, and carries them out step by step.
public protocol ReplayStore: Sendable {
  /// How many deliveries a selection holds, counted up to a limit.
  func count(_ selection: ReplaySelection, webhook: String, upTo limit: Int)
    async throws(StoreError)
    -> Int
  /// Adds a replay of that identity, which `advanceReplays` carries out.
  func createReplay(
    id: String, account: String, webhook: String, _ selection: ReplaySelection, rate: Int?,
    expected: Int
  ) async throws(StoreError) -> Replay
  /// One replay.
  func replay(_ id: String) async throws(StoreError) -> Replay
  /// The replays of a webhook, newest first.
  func replays(webhook: String, limit: Int) async throws(StoreError) -> [Replay]
  /// Ends a replay that is running.
  func cancelReplay(_ id: String) async throws(StoreError) -> Replay
  /// Puts the next deliveries of running replays into the backlog, each as a new run, and notes in the
  /// same transaction how far it came: a crash neither loses nor doubles one.
  ///
  /// - Parameters:
  ///   - most: how many rows of the backlog one webhook may have.
  ///   - slice: how many rows of the log to look at.
  /// - Returns: whether there is more to do now.
  func advanceReplays(now: Timestamp, most: Int, slice: Int) async throws(StoreError) -> Bool
}
