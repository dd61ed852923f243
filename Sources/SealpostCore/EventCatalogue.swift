/// The events that license services publish, for forms and lists. Others are delivered all the same.
public enum EventCatalogue {
  /// A group of events about one kind of thing.
  public struct Group: Sendable {
    /// What the events are about.
    public let name: String
    /// Their names.
    public let events: [String]
  }

  /// All groups, notices last.
  public static let groups: [Group] = [
    group(
      "license",
      "created updated deleted expired expiring-soon renewed extended first-activated suspended "
        + "reinstated revoked maintenance-expired maintenance-expiring-soon activation.limit-reached "
        + "subscription.updated expiresAt.updated"),
    group("activation", "created updated deleted lease-expired"),
    group("trialActivation", "created updated deleted"),
    group("user", "created updated deleted"),
    group("webhook", "unhealthy suspended recovered gone"),
    group("delivery", "exhausted"),
  ]

  private static func group(_ name: String, _ events: String) -> Group {
    Group(name: name, events: events.split(separator: " ").map { "\(name).\($0)" })
  }
}
