/// Why a delivery is in the backlog.
public enum BacklogState: String, Sendable, CaseIterable {
  /// Its webhook takes no deliveries now.
  case parked
  /// Its attempts or its four days are used up.
  case exhausted
}
