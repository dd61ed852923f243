import Hummingbird

/// The cookie that holds a session's key. No script reads it, no other site sends it.
enum SessionCookie {
  private static func name(_ request: Request) -> String {
    // The prefix makes browsers refuse one that another host or a plain connection set.
    RequestOrigin.isSecure(request) ? "__Host-sealpost" : "sealpost"
  }

  /// The key that a request brings.
  static func key(_ request: Request) -> String? { request.cookies[name(request)]?.value }

  /// The cookie for a key.
  static func make(_ key: String, for request: Request) -> Cookie {
    Cookie(
      name: name(request), value: key, path: "/", secure: RequestOrigin.isSecure(request),
      httpOnly: true, sameSite: .strict)
  }

  /// The cookie that removes it.
  static func removal(for request: Request) -> Cookie {
    Cookie(
      name: name(request), value: "", maxAge: 0, path: "/", secure: RequestOrigin.isSecure(request),
      httpOnly: true, sameSite: .strict)
  }
}
