import Testing

@testable import SealpostWorker

@Suite struct AcknowledgementsTests {
  @Test func aSettledRunGoesOutAtOnce() {
    var acknowledgements = Acknowledgements()
    for tag in UInt64(1)...5 { acknowledgements.received(tag) }
    acknowledgements.settle(2)
    #expect(acknowledgements.take(threshold: 10) == .init())
    acknowledgements.settle(1)
    #expect(acknowledgements.take(threshold: 10) == .init(upTo: 2))
    #expect(acknowledgements.take(threshold: 1) == .init())
  }

  @Test func whatSettlesBehindAnOpenOneGoesOutAloneWhenItIsEnough() {
    var acknowledgements = Acknowledgements()
    for tag in UInt64(1)...5 { acknowledgements.received(tag) }
    acknowledgements.settle(3)
    #expect(acknowledgements.take(threshold: 2) == .init())
    acknowledgements.settle(5)
    #expect(acknowledgements.take(threshold: 2) == .init(upTo: nil, single: [3, 5]))
    for tag in [UInt64(1), 2] { acknowledgements.settle(tag) }
    #expect(acknowledgements.take(threshold: 2) == .init(upTo: 2))
    acknowledgements.settle(4)
    #expect(acknowledgements.take(threshold: 2) == .init(upTo: 4))
  }

  @Test func everyTagIsAcknowledgedOnceInAnyOrder() {
    for seed in 0..<50 {
      var acknowledgements = Acknowledgements()
      var random = Steps(state: UInt64(seed) &* 7919 &+ 1)
      var open: [UInt64] = []
      var acknowledged: Set<UInt64> = []
      var next: UInt64 = 1
      var upTo: UInt64 = 0
      for _ in 0..<500 {
        if open.isEmpty || random.next() % 2 == 0 {
          acknowledgements.received(next)
          open.append(next)
          next += 1
        } else {
          acknowledgements.settle(open.remove(at: Int(random.next() % UInt64(open.count))))
        }
        let batch = acknowledgements.take(threshold: 3)
        if let tag = batch.upTo {
          #expect(tag > upTo)
          for covered in upTo + 1...tag { #expect(!open.contains(covered)) }
          upTo = tag
        }
        for tag in batch.single {
          #expect(tag > upTo && !open.contains(tag) && acknowledged.insert(tag).inserted)
        }
      }
    }
  }

  /// Numbers that are the same on every run.
  private struct Steps {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
  }
}
