import SealpostCore

/// What one lane learned about a webhook's receiver, for the others. Between workers it is a line of text.
struct WindowNews: Hashable, Sendable {
  private static let version = "1"

  let account: String
  /// The webhook's public identity.
  let webhook: String
  let news: SendWindow.News

  init(account: String, webhook: String, news: SendWindow.News) {
    self.account = account
    self.webhook = webhook
    self.news = news
  }

  /// Reads a line and who said it; nil where it is none of ours, or of a version that comes after us.
  static func read(_ text: String) -> (sender: String, news: WindowNews)? {
    let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard words.count == 6, words[0] == version, let milliseconds = Int64(words[3]) else {
      return nil
    }
    let news: SendWindow.News
    switch words[2] {
    case "closed": news = .closed(probeIn: .milliseconds(milliseconds))
    case "opened": news = .opened
    case "postponed": news = .postponed
    default: return nil
    }
    return (words[1], WindowNews(account: words[4], webhook: words[5], news: news))
  }

  /// The line.
  ///
  /// - Parameter sender: the worker's name; like accounts and identities it holds no space.
  func text(from sender: String) -> String {
    let (kind, milliseconds): (String, Int64) =
      switch news {
      case .closed(let probeIn): ("closed", probeIn.nanoseconds / 1_000_000)
      case .opened: ("opened", 0)
      case .postponed: ("postponed", 0)
      }
    return "\(Self.version) \(sender) \(kind) \(milliseconds) \(account) \(webhook)"
  }
}
