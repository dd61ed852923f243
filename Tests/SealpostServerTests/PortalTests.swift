import Foundation
import SealpostBroker
import SealpostControl
import SealpostCore
import Testing

@testable import SealpostServer

/// The pieces of the portal that decide something without a browser.
@Suite struct PortalTests {
  @Test func textOfOthersIsEscapedScalarByScalar() {
    #expect(ShownText.html("<b a=\"1\" c='2'>&") == "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;")
    // A mark that combines with the quote makes one character of both.
    #expect(ShownText.html("\"\u{301}x").utf8.starts(with: "&quot;".utf8))
    #expect(ShownText.html("<\u{338}script>").utf8.starts(with: "&lt;".utf8))
  }

  @Test func whatCannotBeSeenOrTurnsWritingRoundIsWrittenOut() {
    #expect(ShownText.html("a\u{202E}b\u{1B}[31m\u{0}") == "a\\u{202e}b\\u{1b}[31m\\u{0}")
    #expect(ShownText.html("line\nline\ttab") == "line\nline\ttab")
    let family = "👨\u{200D}👩\u{200D}👧"
    #expect(ShownText.html(family) == family)
    #expect(ShownText.formValue("\u{202E}\"") == "\u{202E}&quot;")
  }

  @Test func templatesEscapeWhatAPageForgot() throws {
    struct View {
      let statusCode = "<404>"
      let heading = "\"\u{301} onfocus=x"
      let message = "<script>\u{202E}"
      let backPath = "\"><script>"
      let backLabel = "'"
    }
    let page = try PortalTemplates.render(PageFrame(title: "</title>", view: View()), with: "error")
    #expect(page.components(separatedBy: "<script").count == 2)
    #expect(page.contains("&quot;\u{301} onfocus"))
    #expect(page.contains("&lt;script&gt;\\u{202e}"))
    #expect(page.contains("&lt;/title&gt;"))
  }

  @Test func formsAreReadAsBrowsersSendThem() throws {
    let form = try FormFields("events=a.b&events=*&name=Zo%C3%AB+%2B+x&empty=&lone")
    #expect(form.all("events") == ["a.b", "*"])
    #expect(form["name"] == "Zoë + x")
    #expect(form.filled("empty") == nil)
    #expect(form["lone"] == "")
    #expect(throws: ControlError.self) { try FormFields("name=%FF") }
    #expect(
      try FormFields("b=2&a=x+y&c=").query(changing: "after", to: "7&") == "a=x%20y&b=2&after=7%26")
  }

  @Test func onlyPathsOfOursAreGoneToAfterSigningIn() {
    for path in ["//evil", "/\\evil", "https://evil", "evil", "/a b", "/a\r\nb", nil] {
      #expect(RequestOrigin.localPath(path) == "/webhooks")
    }
    #expect(RequestOrigin.localPath("/log?event=a%20b") == "/log?event=a%20b")
  }

  @Test func aSessionEndsBySilenceByAgeAndByBeingEnded() {
    let sessions = PortalSessions()
    let start = Timestamp(seconds: 1_000_000)
    let silent = sessions.begin(tokenID: "1", now: start)
    #expect(sessions.session(silent, now: start + .seconds(7199))?.tokenID == "1")
    #expect(sessions.session(silent, now: start + .seconds(7199 + 7200)) == nil)
    let busy = sessions.begin(tokenID: "2", now: start)
    for hour in 1...23 {
      #expect(sessions.session(busy, now: start + .seconds(hour * 3600)) != nil)
    }
    #expect(sessions.session(busy, now: start + .seconds(86400)) == nil)
    let ended = sessions.begin(tokenID: "3", now: start)
    sessions.end(ended)
    #expect(sessions.session(ended, now: start) == nil)
    #expect(sessions.session("", now: start) == nil)
  }

  @Test func aTokenIsRevealedOnceAndOnlyOnItsWebhooksPage() {
    let sessions = PortalSessions()
    let key = sessions.begin(tokenID: "1")
    sessions.change(key) { $0.revealed = ("one", WebhookToken("secret")) }
    #expect(sessions.takeRevealed(key, webhook: "one")?.clearText == "secret")
    #expect(sessions.takeRevealed(key, webhook: "one") == nil)
    sessions.change(key) { $0.revealed = ("one", WebhookToken("secret")) }
    #expect(sessions.takeRevealed(key, webhook: "other") == nil)
    #expect(sessions.takeRevealed(key, webhook: "one") == nil)
  }

  @Test func aFormAsksForWhatIsFilledInAndTellsWhatItCannotRead() {
    var form = WebhookForm()
    form.name = "a"
    form.url = "https://example.com/"
    form.events = ["license.*"]
    form.headers = "X-One: 1\r\n\r\n X-Two :  2"
    let input = form.input().input
    #expect(input.headers?.map(\.name) == ["X-One", "X-Two"])
    #expect(input.retry == nil && input.token == nil && input.timeout == nil)
    form.timeout = "2.5"
    #expect(form.input().input.timeout == 2.5)
    form.headers = "no colon"
    form.timeout = "soon"
    form.retry = ["factor": "much", "maximumAttempts": "1.5"]
    let (refused, faults) = form.input()
    #expect(faults.map(\.field) == ["headers", "factor", "maximumAttempts", "timeout"])
    #expect(refused.headers?.map(\.name) == [""] && refused.retry?.maximumAttempts == 0)
    #expect(refused.timeout == 0)
  }

  @Test func barsFollowOneAnotherAndStayWithinTheDrawing() {
    let parts = TimingPart.all(
      of: AttemptTimings(dns: 100, connect: 300, tls: 0, firstByte: 900, total: 1000))
    #expect(parts.map(\.start) == [0, 100, 0, 300, 900])
    #expect(parts.map(\.length) == [100, 200, 0, 600, 100])
    #expect(parts.map(\.isDone) == [true, true, false, true, true])
    #expect(parts[2].took == "–")
    let long = TimingPart.all(
      of: AttemptTimings(dns: 1, connect: 2, tls: 3, firstByte: 4, total: 9_000_000))
    #expect(long.allSatisfy { $0.start + $0.length <= 1000 })
  }

  @Test func aChartWithoutSamplesSaysSo() {
    let chart = DepthChart("Events", hint: "", [], end: .now()) { _ in true }
    #expect(chart.now == "–" && chart.peakText == "no samples yet")
    #expect(!chart.drawing.renderText.contains("polyline"))
  }
}
