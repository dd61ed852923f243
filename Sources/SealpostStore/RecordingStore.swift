/// What the recorder and other threads of the worker need of a store. Every function blocks: call none
/// from the cooperative pool.
public protocol RecordingStore: Sendable {
  /// Writes a batch in one transaction: all of it is durable, or nothing is.
  ///
  /// - Parameter verdicts: filled with one verdict for each attempt.
  func record(_ batch: borrowing RecordBatch, verdicts: inout [RecordVerdict]) throws(StoreError)

  /// How far deliveries have come, one answer for each.
  func progress(of deliveries: [DeliveryQuery]) throws(StoreError) -> [DeliveryProgress]

  /// Notes that a worker tries a message alone.
  func beginSuspect(messageKey: String, worker: String) throws(StoreError) -> SuspectVerdict

  /// Forgets the note.
  func endSuspect(messageKey: String) throws(StoreError)

  /// Keeps messages that are no valid events.
  func keepRejected(_ messages: [RejectedDraft]) throws(StoreError)
}
