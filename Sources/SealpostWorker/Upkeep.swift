import Logging
import SealpostCore
import SealpostStore

/// Carries replays on and ends the overlaps of rotated tokens; of several workers one at a time.
struct Upkeep {
  private static let interval = Duration.milliseconds(500)
  private static let mostOfWebhook = 1_000_000
  private static let slice = 1000

  let store: any BacklogQueue & ReplayStore & WebhookStore
  let workerName: String
  let logger: Logger

  /// Works until cancelled.
  func run() async {
    let lease = Lease("upkeep", of: workerName, for: .seconds(10), store: store)
    while !Task.isCancelled {
      var isMore = false
      do throws(StoreError) {
        guard try await lease.takeSoon() else {
          try? await Task.sleep(for: Self.interval)
          continue
        }
        isMore = try await store.advanceReplays(
          now: .now(), most: Self.mostOfWebhook, slice: Self.slice)
        _ = try await store.endOverlaps(now: .now())
      } catch {
        logger.warning("replays wait", metadata: ["error": "\(error.sentence)"])
      }
      if !isMore { try? await Task.sleep(for: Self.interval) }
    }
    await lease.giveBackSoon()
  }
}
