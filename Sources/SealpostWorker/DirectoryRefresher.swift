internal import CMimalloc
import Logging
import SealpostCore
import SealpostStore
import SealpostThreads
import Synchronization

/// Keeps the lanes' directory up to date: once a second, and whenever a lane asks, it reads what changed
/// in the store.
final class DirectoryRefresher: Sendable {
  private static let interval = Duration.seconds(1)

  private let store: any WebhookStore
  private let lanes: [Mailbox<LaneMessage>]
  private let metrics: DirectoryMetrics
  private let logger: Logger
  private let directory = Mutex(WebhookDirectory())
  private let requests: AsyncStream<Void>
  private let request: AsyncStream<Void>.Continuation

  init(
    store: any WebhookStore, lanes: [Mailbox<LaneMessage>], metrics: DirectoryMetrics,
    logger: Logger
  ) {
    self.metrics = metrics
    self.store = store
    self.lanes = lanes
    self.logger = logger
    (requests, request) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Reads the whole directory.
  func load() async throws(StoreError) {
    // Reading a hundred thousand webhooks leaves much memory behind that nobody needs again: it goes back to
    // the system at once. Later the allocator keeps what it may need, for its usual time.
    let usual = mi_option_get(mi_option_decommit_delay)
    mi_option_set(mi_option_decommit_delay, 0)
    defer { mi_option_set(mi_option_decommit_delay, usual) }
    try await refresh()
  }

  /// The directory as it was read last. Whoever keeps it keeps the tokens of webhooks that are deleted later.
  var current: WebhookDirectory { directory.withLock { $0 } }

  /// Asks for the store to be read now; all lanes get the directory, changed or not. Any thread.
  func refreshSoon() { request.yield() }

  /// Refreshes until cancelled.
  func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        while !Task.isCancelled {
          try? await Task.sleep(for: Self.interval)
          await self.tell(always: false)
        }
      }
      group.addTask {
        for await _ in self.requests { await self.tell(always: true) }
      }
    }
  }

  private func tell(always: Bool) async {
    do throws(StoreError) {
      let isChanged = try await refresh()
      guard always || isChanged else { return }
    } catch {
      guard !Task.isCancelled else { return }
      logger.error(
        "webhooks cannot be read, the last known ones are used",
        metadata: ["error": "\(error.sentence)"])
      guard always else { return }
    }
    let current = current
    for lane in lanes { lane.post(.directory(current)) }
  }

  @discardableResult
  private func refresh() async throws(StoreError) -> Bool {
    let revision = directory.withLock { $0.revision }
    let change = try await store.directoryChange(since: revision)
    defer { metrics.note(directory.withLock { $0 }) }
    guard let change else { return false }
    return directory.withLock { directory in
      // Two refreshes may overlap; the older change must not undo the newer one.
      guard change.revision > directory.revision || directory.revision == 0 else { return false }
      directory = directory.applying(change)
      return true
    }
  }
}
