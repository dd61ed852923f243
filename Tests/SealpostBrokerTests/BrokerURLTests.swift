import Testing

@testable import SealpostBroker

@Suite struct BrokerURLTests {
  private func error(_ text: String) -> BrokerError? {
    do throws(BrokerError) {
      _ = try BrokerURL.list(text)
      return nil
    } catch {
      return error
    }
  }

  @Test func readsHowToLogIn() throws {
    let plain = try BrokerURL(parsing: "amqp://user:word@host/v?heartbeat=7")
    #expect(plain.authenticates == .plain)
    #expect(plain.heartbeat == 7)
    let external = try BrokerURL(
      parsing: "amqps://host?certfile=/a&keyfile=/b&auth_mechanism=external")
    #expect(external.authenticates == .external)
    #expect(external.port == 5671)
  }

  @Test(arguments: [
    "amqp://host?auth_mechanism=external", "amqps://host?auth_mechanism=external",
    "amqps://host?auth_mechanism=scram", "amqps://host?certfile=/a", "amqps://host?keyfile=/a",
    "amqps://host?verify=none", "amqp://host?heartbeat=soon", "amqp://host?heartbeat=70000",
    "amqp://host?certfile=%zz",
  ])
  func refusesWhatItDoesNotUnderstand(text: String) {
    guard case .badURL = error(text) else {
      Issue.record("\(text) was accepted")
      return
    }
  }

  @Test(arguments: [
    "amqp:/user:s3cret@host", "user:s3cret@host:1", "amqp://user:s3cret",
    "amqp://user:a,s3cret@host:x",
    "amqp://user:s3cret/@host/v", "amqp://user:s3cret@host:port", "amqp://user:s3cret@host/a/b",
    "amqp://user:s3cret@host?heartbeat=x", "amqp://user:s3cret%@host", "x://user:s3cret@host",
    "amqps://user:s3cret@\u{06DD}host", "amqp://user\u{0301}:s3cret\u{0301}@\u{0301}host",
  ])
  func errorsShowNoPassword(text: String) throws {
    let sentence = try #require(error(text)).sentence
    #expect(!sentence.contains("s3cret"))
  }
}
