import Foundation
import HTTPTypes
import Hummingbird

/// Where a request comes from, as far as browsers tell.
enum RequestOrigin {
  /// Whether a page of ours sent it, or no page at all. Forms of other sites are refused by it, before a
  /// session or a token is looked at.
  static func isOurs(_ request: Request) -> Bool {
    if let site = HTTPField.Name("Sec-Fetch-Site").flatMap({ request.headers[$0] }) {
      return site == "same-origin" || site == "none"
    }
    guard let origin = request.headers[.origin] else { return true }
    return URL(string: origin).map { url in
      let authority = (url.host ?? "") + (url.port.map { ":\($0)" } ?? "")
      return authority == request.head.authority
    } ?? false
  }

  static let forwardedProtocol = HTTPField.Name("X-Forwarded-Proto") ?? .via

  /// Whether the browser's connection is TLS: ours is, or a proxy before us says so.
  static func isSecure(_ request: Request) -> Bool {
    request.headers[forwardedProtocol] == "https"
  }

  /// A path of ours to go to after signing in; the start page for anything else.
  static func localPath(_ text: String?) -> String {
    guard let text, text.hasPrefix("/"), !text.hasPrefix("//"),
      text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
    else { return "/webhooks" }
    return text
  }
}
