import Foundation
import SealpostStore

/// Threads for those functions of the store that block their caller.
enum StoreThread {
  /// Does work on a thread that may block, without holding one of the cooperative pool.
  static func run<T: Sendable>(_ work: @escaping @Sendable () throws(StoreError) -> T)
    async throws(StoreError) -> T
  {
    let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: Result(catching: work)) }
    }
    return try result.get()
  }
}
