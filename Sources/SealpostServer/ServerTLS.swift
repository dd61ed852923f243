import NIOSSL

/// What the HTTP side needs to speak TLS itself: 1.2 and later, as NIOSSL's defaults have the rest.
public struct ServerTLS: Sendable {
  let configuration: TLSConfiguration

  /// Why the files cannot be used.
  public struct Refusal: Error {
    /// Which file is wrong and why, for people. Holds nothing of the key.
    public let sentence: String
  }

  /// Reads the files, which are read once: a renewed certificate needs a restart.
  ///
  /// - Parameters:
  ///   - certificate: a file in PEM with the server's certificate first, then those that lead to its authority.
  ///   - key: a file in PEM with its private key, without a passphrase.
  public init(certificate: String, key: String) throws(Refusal) {
    let chain: [NIOSSLCertificateSource]
    do {
      chain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
    } catch {
      throw Refusal(sentence: "\(certificate) holds no certificate in PEM that can be read")
    }
    let privateKey: NIOSSLPrivateKey
    do {
      privateKey = try NIOSSLPrivateKey(file: key, format: .pem)
    } catch {
      throw Refusal(
        sentence: "\(key) holds no private key in PEM that can be read without a passphrase")
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain, privateKey: .privateKey(privateKey))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    do {
      _ = try NIOSSLContext(configuration: configuration)
    } catch {
      throw Refusal(sentence: "\(certificate) and \(key) do not belong together")
    }
    self.configuration = configuration
  }
}
