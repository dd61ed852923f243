import Foundation
import Glibc

/// A receiver with a certificate that nobody signed but itself: OpenSSL's own server in a process.
public final class TLSReceiver {
  /// Why it does not start.
  public struct StartFailure: Error {}

  /// The port on the loopback address.
  public let port = FreePort.find()
  private let folder =
    FileManager.default.temporaryDirectory.path
    + "/sealpost-tls-\(UUID().uuidString)"

  /// Makes a certificate and listens.
  public init() throws {
    let commands = """
      mkdir '\(folder)' && cd '\(folder)' &&
      openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -days 2 -keyout key.pem \
        -out certificate.pem 2>/dev/null &&
      { openssl s_server -accept 127.0.0.1:\(port) -key key.pem -cert certificate.pem -www \
        </dev/null >/dev/null 2>&1 & echo $! > pid; }
      """
    guard system(commands) == 0, Waiting.until(seconds: 10, { FreePort.isListening(port) }) else {
      throw StartFailure()
    }
  }

  deinit { _ = system("kill $(cat '\(folder)/pid'); rm -rf '\(folder)'") }
}
