import Foundation

/// A receiver with a certificate that nobody signed but itself: OpenSSL's own server in a process.
public final class TLSReceiver {
  /// Why it does not start.
  public struct StartFailure: Error {}

  /// The port on the loopback address.
  public let port = FreePort.find()
  private let server = Process()
  private let folder: URL

  /// Makes a certificate and listens.
  public init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("sealpost-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let (key, certificate) = (folder.path + "/key.pem", folder.path + "/certificate.pem")
    let maker = Self.openssl(
      Process(), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1",
      "-days", "2", "-keyout", key, "-out", certificate)
    try maker.run()
    maker.waitUntilExit()
    try Self.openssl(
      server, "s_server", "-accept", "127.0.0.1:\(port)", "-key", key, "-cert", certificate, "-www"
    ).run()
    guard Waiting.until(seconds: 10, { FreePort.isListening(port) }) else { throw StartFailure() }
  }

  deinit {
    server.terminate()
    server.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  private static func openssl(_ process: Process, _ arguments: String...) -> Process {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    return process
  }
}
