/// What the recorder and other threads of the worker need of a store. Every function blocks: call none
/// from the cooperative pool.
public protocol RecordingStore: Sendable {
  /// Writes batches in one transaction: all of them are durable, or nothing is.
  ///
  /// - Returns: for each batch one verdict for each attempt.
  func record(_ batches: [RecordBatch]) throws(StoreError) -> [[RecordVerdict]]

  /// How far deliveries have come, one answer for each.
  func progress(of deliveries: [DeliveryQuery]) throws(StoreError) -> [DeliveryProgress]

  /// Notes that a worker tries messages that may be what kills workers: among everything else, or alone.
  ///
  /// - Returns: for each message whether it may be tried so.
  func beginSuspects(_ messageKeys: [String], worker: String, isAlone: Bool) throws(StoreError)
    -> [SuspectVerdict]

  /// Forgets the notes.
  func endSuspects(_ messageKeys: [String]) throws(StoreError)

  /// Keeps messages that are no valid events.
  func keepRejected(_ messages: [RejectedDraft]) throws(StoreError)
}
