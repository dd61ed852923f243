public import SealpostCore

/// Which addresses deliveries may be sent to: those of the public internet, and what the operator
/// allows besides. Judged on the resolved address when a socket is opened, which is the only moment at
/// which it is certain.
public struct EgressPolicy: Sendable {
  /// What the policy says of an address.
  public enum Verdict: Hashable, Sendable {
    /// It may be reached.
    case allowed
    /// It may not.
    case denied
    /// Only `https` is allowed.
    case unencrypted

    /// The stable text id.
    public var id: String {
      switch self {
      case .allowed: "allowed"
      case .denied: "blocked_address"
      case .unencrypted: "https_required"
      }
    }

    /// The decision for people.
    public var sentence: String {
      switch self {
      case .allowed: "The address may be reached."
      case .denied:
        "The address is private or reserved: the operator can allow it with SEALPOST_EGRESS_ALLOW."
      case .unencrypted: "Only https is allowed here: give a URL that begins with https://."
      }
    }
  }

  private let allowances: [AddressBlock]
  /// Whether deliveries may only go over `https`.
  public let isHTTPSOnly: Bool

  /// Makes a policy.
  ///
  /// - Parameters:
  ///   - allow: blocks that may be reached although they are private.
  ///   - isHTTPSOnly: whether deliveries may only go over `https`.
  public init(allow: [AddressBlock] = [], isHTTPSOnly: Bool = false) {
    allowances = allow
    self.isHTTPSOnly = isHTTPSOnly
  }

  /// Judges an address.
  ///
  /// IPv4-mapped and NAT64 addresses reach the IPv4 address inside them. They are denied, unless the
  /// operator allows that one.
  public func verdict(_ address: IPAddress) -> Verdict {
    if isAllowed(address) || address.embedded.map(isAllowed) == true { return .allowed }
    switch address {
    case .v4:
      return SpecialAddresses.deniedIPv4.contains { $0.contains(address) } ? .denied : .allowed
    case .v6:
      let isAssigned = SpecialAddresses.assignedIPv6.contains { $0.contains(address) }
      let isDenied = SpecialAddresses.deniedIPv6.contains { $0.contains(address) }
      return isAssigned && !isDenied ? .allowed : .denied
    }
  }

  /// Judges what can be known of a URL before it is used: its scheme and a literal address. A name is allowed
  /// here and judged when it is resolved.
  public func verdict(for url: WebhookURL) -> Verdict {
    if isHTTPSOnly, !url.isSecure { return .unencrypted }
    if let address = IPAddress(url.host) { return verdict(address) }
    let name = url.host.hasSuffix(".") ? String(url.host.dropLast()) : url.host
    let isLocal = name == "localhost" || name.hasSuffix(".localhost")
    return isLocal && !isAllowed(.v4(0x7F00_0001)) ? .denied : .allowed
  }

  private func isAllowed(_ address: IPAddress) -> Bool {
    allowances.contains { $0.contains(address) }
  }
}
