import HTTPTypes
import Hummingbird

/// What a handler of the portal answers.
enum PortalAnswer {
  /// A page in the frame that all pages have.
  case page(
    String, title: String, section: PortalSection, view: Any, status: HTTPResponse.Status = .ok)
  /// A part of a page, for the script that keeps it fresh.
  case part(String, view: Any)
  /// A file of values for the browser to keep.
  case csv(String, name: String)
  /// Another page of the portal, with something to say there.
  case redirect(String, notice: PortalSessions.Notice? = nil)

  /// Another page, with good news.
  static func redirect(_ path: String, saying text: String) -> PortalAnswer {
    .redirect(path, notice: .init(text: text))
  }
}

/// Which entry of the navigation a page belongs to.
enum PortalSection: Sendable {
  case webhooks, log, queues, dead, rejected, audit, none
}
