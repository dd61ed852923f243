/// What the holder of an API token may do. The raw value is how it is written.
public enum AccessScope: String, Sendable, CaseIterable, Codable {
  /// Read webhooks, the event log, and what was set aside.
  case webhookRead = "webhook:read"
  /// Change webhooks, send deliveries again, drop what was set aside, and read signing tokens.
  case webhookWrite = "webhook:write"
  /// Publish events.
  case eventWrite = "event:write"
}
