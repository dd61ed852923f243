import Logging
import SealpostCore
import SealpostStore

/// Carries replays on and ends the overlaps of rotated tokens. Each step is a transaction of its own, so
/// several workers may do it at once.
struct Upkeep {
  private static let interval = Duration.milliseconds(500)
  private static let mostOfWebhook = 1_000_000
  private static let slice = 1000

  let store: any ReplayStore & WebhookStore
  let logger: Logger

  /// Works until cancelled.
  func run() async {
    while !Task.isCancelled {
      var isMore = false
      do throws(StoreError) {
        isMore = try await store.advanceReplays(
          now: .now(), most: Self.mostOfWebhook, slice: Self.slice)
        _ = try await store.endOverlaps(now: .now())
      } catch {
        logger.warning("replays wait", metadata: ["error": "\(error.sentence)"])
      }
      if !isMore { try? await Task.sleep(for: Self.interval) }
    }
  }
}
