import Foundation
import SealpostCore
import SealpostSigning

/// Reads the parts of a webhook's row that are texts. What cannot be read, since it was written by another
/// version or by hand, is noted and has something in its place: the others' deliveries go on.
struct StoredSettings {
  /// What cannot be read and why, for people; nil where all can.
  private(set) var fault: String?

  /// Where deliveries go.
  mutating func url(_ text: String) -> WebhookURL {
    do throws(WebhookURLError) {
      return try WebhookURL(parsing: text)
    } catch {
      note("URL", error.sentence)
      return WebhookURL(unusable: text)
    }
  }

  /// How deliveries are signed.
  mutating func scheme(_ text: String) -> SignatureScheme {
    if let scheme = SignatureScheme(rawValue: text) { return scheme }
    note("scheme", "\"\(text)\" is none that this version knows.")
    return .hmacSHA256
  }

  /// What it listens to: all where a part of that is not known, so that nothing passes it by.
  mutating func events(_ text: String) -> [EventPattern] {
    var patterns: [EventPattern] = []
    var isWhole = true
    for part in text.split(separator: ",") {
      do throws(EventPattern.ParseError) {
        patterns.append(try EventPattern(parsing: String(part)))
      } catch {
        isWhole = false
        note("events", error.sentence)
      }
    }
    return isWhole ? patterns : patterns + [.all]
  }

  /// Its own retry policy.
  mutating func retry(_ text: String?) -> RetryPolicy? {
    guard let text else { return nil }
    do {
      return try JSONDecoder().decode(StoredRetry.self, from: Data(text.utf8)).policy
    } catch {
      note("retry policy", "It is of another form.")
      return nil
    }
  }

  /// Its own headers, from the text that was sealed.
  mutating func headers(_ text: SecretBytes?) -> [WebhookHeader] {
    guard let text else { return [] }
    do {
      let pairs = try JSONDecoder().decode([[String]].self, from: Data(text.copy))
      return try pairs.map { pair in
        guard pair.count == 2 else { throw CocoaError(.coderReadCorrupt) }
        return try WebhookHeader(name: pair[0], value: pair[1])
      }
    } catch let refusal as WebhookHeader.Refusal {
      note("headers", refusal.sentence)
    } catch {
      note("headers", "They are of another form.")
    }
    return []
  }

  private mutating func note(_ part: String, _ why: String) {
    let sentence = "Its stored \(part) cannot be used: \(why)"
    fault = fault.map { "\($0) \(sentence)" } ?? sentence
  }
}
