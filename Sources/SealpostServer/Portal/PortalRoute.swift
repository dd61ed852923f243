import HTTPTypes

/// One page of the portal, or one thing that a form of it does.
struct PortalRoute: Sendable {
  let method: HTTPRequest.Method
  let path: String
  let handle: @Sendable (PortalVisit) async throws -> PortalAnswer

  /// A page.
  static func get(
    _ path: String, _ handle: @escaping @Sendable (PortalVisit) async throws -> PortalAnswer
  ) -> PortalRoute {
    PortalRoute(method: .get, path: path, handle: handle)
  }

  /// What a form does.
  static func post(
    _ path: String, _ handle: @escaping @Sendable (PortalVisit) async throws -> PortalAnswer
  ) -> PortalRoute {
    PortalRoute(method: .post, path: path, handle: handle)
  }
}
