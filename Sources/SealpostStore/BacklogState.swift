/// Why a row stands in the backlog. The raw value is what the store holds.
public enum BacklogState: String, Sendable, CaseIterable {
  /// It goes on by itself when its time has come and its webhook takes deliveries again.
  case waiting
  /// Its webhook takes no deliveries; it can be sent again.
  case parked
  /// Its attempts are used up; it can be sent again.
  case exhausted
}
