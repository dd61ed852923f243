/// Waits of any whole number of units, made of queues that each hold a message for a power of two.
///
/// Level k is a topic exchange and a queue whose messages expire after 2^k units into the exchange one
/// level down. The routing key is the delay in binary, a word a bit from the highest level on, then the
/// address; where a level's bit is 1 the message waits there, where it is 0 it goes straight down. A
/// time-to-live belongs to a queue as a whole, so a short wait never stands behind a long one.
public struct DelayLadder: Sendable {
  /// How many levels there are: 0 to 17. With the highest one, every wait up to 36 hours of seconds can
  /// be rounded up to four hops.
  public static let levels = 18
  /// The longest wait, in units.
  public static let maximumUnits = (1 << levels) - 1
  /// The last word of routing keys.
  static let address = "retry"

  private let names: BrokerNames
  private let unit: Duration

  /// Makes the ladder's arithmetic.
  ///
  /// - Parameter unit: what level 0 holds a message for.
  public init(names: BrokerNames, unit: Duration) {
    self.names = names
    self.unit = unit
  }

  /// A wait of at least `delay`, rounded up to what the ladder gives.
  public func step(for delay: Duration, using random: inout SystemRandomNumberGenerator)
    -> LadderStep
  {
    let asked = Int(clamping: (delay.nanosecondsRoundedUp + unitNanoseconds - 1) / unitNanoseconds)
    let units = Self.rounded(units: asked, using: &random)
    guard units > 0 else {
      return LadderStep(units: 0, delay: .zero, exchange: names.due, routingKey: Self.address)
    }
    return LadderStep(
      units: units, delay: unit * units, exchange: names.delay(Self.entryLevel(units: units)),
      routingKey: Self.routingKey(units: units))
  }

  private var unitNanoseconds: Int64 { max(1, unit.nanosecondsRoundedUp) }

  /// Rounds a wait of more than four bits up to three significant ones, and adds one random lower bit so
  /// that what failed together does not come back together: never less than asked, and at most four hops.
  public static func rounded(units: Int, using random: inout SystemRandomNumberGenerator) -> Int {
    guard units > 15 else { return max(0, units) }
    guard units < maximumUnits else { return 7 << (levels - 3) }
    let shift = Int.bitWidth - units.leadingZeroBitCount - 3
    let coarse = ((units + (1 << shift) - 1) >> shift) << shift
    return coarse | 1 << Int.random(in: 0..<shift, using: &random)
  }

  /// The level at which a wait begins.
  public static func entryLevel(units: Int) -> Int {
    Int.bitWidth - 1 - units.leadingZeroBitCount
  }

  /// The key of a wait: a word a bit, then the address.
  public static func routingKey(units: Int) -> String {
    var key = ""
    for level in (0..<levels).reversed() { key += units >> level & 1 == 1 ? "1." : "0." }
    return key + address
  }

  /// What a level's queue is bound with (`isWait`), or the exchange below it.
  static func bindingKey(level: Int, isWait: Bool) -> String {
    String(repeating: "*.", count: levels - 1 - level) + (isWait ? "1.#" : "0.#")
  }
}

extension Duration {
  /// In nanoseconds, rounded up; saturates.
  var nanosecondsRoundedUp: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max / 2 }
    return product + (attoseconds + 999_999_999) / 1_000_000_000
  }

  /// In milliseconds.
  var milliseconds: Int64 { nanosecondsRoundedUp / 1_000_000 }
}
