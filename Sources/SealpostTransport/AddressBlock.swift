/// A block of addresses in CIDR notation (RFC 4632, section 3.1).
public struct AddressBlock: Hashable, Sendable {
  private let address: IPAddress
  private let prefix: Int

  /// Why a text is no block.
  public struct ParseError: Error, Sendable {
    /// What was given.
    public let text: String

    /// What is wrong and how to mend it.
    public var sentence: String {
      "\"\(text)\" is no block of addresses: give one such as 10.0.0.0/8 or fd00::/8, or one address."
    }
  }

  /// Reads a block, or one address.
  public init(parsing text: String) throws(ParseError) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let address = IPAddress(String(parts[0])) else {
      throw ParseError(text: text)
    }
    self.address = address
    guard parts.count == 2 else {
      prefix = address.bitCount
      return
    }
    guard let prefix = Int(parts[1]), (0...address.bitCount).contains(prefix) else {
      throw ParseError(text: text)
    }
    self.prefix = prefix
  }

  init(_ address: IPAddress, prefix: Int) {
    self.address = address
    self.prefix = prefix
  }

  /// Whether the address lies in the block.
  public func contains(_ other: IPAddress) -> Bool {
    switch (address, other) {
    case (.v4(let own), .v4(let other)):
      prefix == 0 || (own ^ other) >> UInt32(32 - prefix) == 0
    case (.v6(let ownHigh, let ownLow), .v6(let high, let low)):
      if prefix == 0 {
        true
      } else if prefix <= 64 {
        (ownHigh ^ high) >> UInt64(64 - prefix) == 0
      } else {
        ownHigh == high && (ownLow ^ low) >> UInt64(128 - prefix) == 0
      }
    default: false
    }
  }
}
