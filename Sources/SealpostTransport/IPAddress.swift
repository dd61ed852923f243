import Glibc

/// An IPv4 or IPv6 address.
public enum IPAddress: Hashable, Sendable {
  /// The four bytes, first one highest.
  case v4(UInt32)
  /// The sixteen bytes in two halves.
  case v6(UInt64, UInt64)

  /// Reads dotted-decimal IPv4 or IPv6 text (inet_pton(3)).
  public init?(_ text: String) {
    self.init(cString: text)
  }

  init?(cString text: UnsafePointer<CChar>) {
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      self = .v4(UInt32(bigEndian: four.s_addr))
      return
    }
    var six = in6_addr()
    guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
    self.init(six)
  }

  /// The address of a socket address, or nil where it is of another family.
  init?(_ address: UnsafePointer<sockaddr>) {
    let raw = UnsafeRawPointer(address)
    switch Int32(address.pointee.sa_family) {
    case AF_INET:
      self = .v4(UInt32(bigEndian: raw.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr))
    case AF_INET6:
      self.init(raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr)
    default:
      return nil
    }
  }

  private init(_ address: in6_addr) {
    self = withUnsafeBytes(of: address) { bytes in
      .v6(
        UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
  }

  /// How many bits it has.
  var bitCount: Int {
    switch self {
    case .v4: 32
    case .v6: 128
    }
  }

  /// The IPv4 address inside an IPv4-mapped (RFC 4291, section 2.5.5.2) or NAT64 one (RFC 6052).
  var embedded: IPAddress? {
    guard case .v6(let high, let low) = self else { return nil }
    let isMapped = high == 0 && low >> 32 == 0xFFFF
    let isNAT64 = high == 0x0064_FF9B_0000_0000 && low >> 32 == 0
    return isMapped || isNAT64 ? .v4(UInt32(truncatingIfNeeded: low)) : nil
  }
}
