import SealpostCore

/// The number under which an event is looked up: the same in every process and version. Two events may
/// share one; their texts tell them apart.
///
/// It begins with the time of the event, in steps of 64 ms. So the index grows at its end as the log
/// does, and a commit touches a page of it or two, where a plain hash would touch one for each event.
struct EventHash: Sendable {
  /// Makes the number from account, identity and time.
  let make: @Sendable (UnsafeRawBufferPointer, UnsafeRawBufferPointer, Timestamp) -> Int64

  private static let timeStep: Int64 = 64_000_000
  private static let hashBits: UInt64 = 26

  /// The part of the number that does not come from the event's time.
  static let identityMask: Int64 = 1 << Int64(hashBits) - 1

  static let standard = EventHash { account, id, triggeredAt in
    // FNV-1a, then mixed, since its upper bits are weak for short texts.
    var state: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in account { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
    state = (state ^ 0xFF) &* 0x100_0000_01b3
    for byte in id { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
    state = (state ^ state >> 32) &* 0x9E37_79B9_7F4A_7C15
    return (triggeredAt.nanoseconds / timeStep) &<< Int64(hashBits)
      | Int64(truncatingIfNeeded: state >> (64 - hashBits))
  }
}
