import Foundation
import SealpostCore

/// What an event of the catalogue looks like, for tests.
enum EventSample {
  /// A body of that event with times of now; nil where the catalogue has none of that name.
  static func body(of name: String) -> [UInt8]? {
    guard let group = EventCatalogue.groups.first(where: { $0.events.contains(name) }) else {
      return nil
    }
    let now = Timestamp.now().iso8601
    let data =
      switch group.name {
      case "license":
        #"{"id":"2f8d6b1e-0000-4000-8000-000000000001","key":"SAMPLE-D08B53-C564F8","type":"node-locked","allowedActivations":5,"totalActivations":1,"suspended":false,"revoked":false,"expiresAt":"\#(now)","createdAt":"\#(now)"}"#
      case "activation", "trialActivation":
        #"{"id":"2f8d6b1e-0000-4000-8000-000000000002","hostname":"sample-host","os":"linux","fingerprint":"sample","licenseId":"2f8d6b1e-0000-4000-8000-000000000001","createdAt":"\#(now)"}"#
      case "user":
        #"{"id":"2f8d6b1e-0000-4000-8000-000000000003","firstName":"Sample","lastName":"User","email":"sample@example.com","createdAt":"\#(now)"}"#
      default:
        #"{"webhook":{"id":"2f8d6b1e-0000-4000-8000-000000000004","name":"sample","url":"https://example.com/hook"},"reason":"This is a sample."}"#
      }
    return Array(#"{"event":"\#(name)","data":\#(data),"triggeredAt":"\#(now)"}"#.utf8)
  }
}
