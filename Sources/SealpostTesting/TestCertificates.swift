import Foundation
import Glibc

/// Certificates for tests, made by the openssl command in a folder that goes with this.
public final class TestCertificates {
  /// Why one is not made.
  public struct CommandFailure: Error {
    let arguments: String
  }

  /// The folder.
  public let folder =
    FileManager.default.temporaryDirectory.path + "/sealpost-certificates-\(UUID().uuidString)"

  /// Makes the folder.
  public init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Makes a self-signed certificate: NAME.pem and NAME.key.
  ///
  /// - Parameter options: more of openssl-req(1).
  public func make(_ name: String, subject: String, key: String = "ec:p256", options: String = "")
    throws
  {
    let parameters =
      key.hasPrefix("ec:") ? "-newkey ec -pkeyopt ec_paramgen_curve:P-256" : "-newkey \(key)"
    try run(
      "req -x509 \(parameters) -nodes -days 2 -subj '\(subject)' -keyout \(name).key -out \(name).pem \(options)"
    )
  }

  /// Makes a certificate that another one signs: NAME.pem and NAME.key.
  ///
  /// - Parameters:
  ///   - days: for how long it holds; negative for one that is over.
  ///   - host: the DNS name that it is for.
  public func make(
    _ name: String, subject: String, signedBy authority: String, days: Int = 2, host: String? = nil
  ) throws {
    try run(
      "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '\(subject)' -keyout \(name).key -out \(name).csr"
    )
    try (host.map { "subjectAltName=DNS:\($0)\n" } ?? "").write(
      toFile: "\(folder)/\(name).ext", atomically: true, encoding: .utf8)
    try run(
      "x509 -req -in \(name).csr -CA \(authority).pem -CAkey \(authority).key -CAcreateserial -days \(days) -extfile \(name).ext -out \(name).pem"
    )
  }

  /// Runs the openssl command in the folder.
  public func run(_ arguments: String) throws {
    guard system("cd '\(folder)' && openssl \(arguments) </dev/null >/dev/null 2>&1") == 0 else {
      throw CommandFailure(arguments: arguments)
    }
  }

  /// The text of a file in the folder.
  public func text(_ name: String) throws -> String {
    try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
  }
}
