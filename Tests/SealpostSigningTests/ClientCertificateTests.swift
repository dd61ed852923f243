import SealpostCore
import SealpostSigning
import SealpostTesting
import Testing

/// Real certificates, made by the openssl command.
@Suite struct ClientCertificateTests {
  private let certificates: TestCertificates
  private let chain: String
  private let key: String

  init() throws {
    certificates = try TestCertificates()
    try certificates.make("client", subject: "/O=Acmé, Inc./CN=sealpost", options: "-utf8")
    chain = try certificates.text("client.pem")
    key = try certificates.text("client.key")
  }

  private func fault(_ chain: String, _ key: String, now: Timestamp = .now())
    -> ClientCertificateFault?
  {
    do throws(ClientCertificateFault) {
      _ = try ClientCertificate(parsingChain: chain, key: key, now: now)
      return nil
    } catch {
      return error
    }
  }

  private func text(of key: SecretBytes?) -> String {
    String(decoding: key?.copy ?? [], as: UTF8.self)
  }

  @Test func takesACertificateAndTellsWhoseItIsAndUntilWhen() throws {
    let read = try ClientCertificate(parsingChain: chain, key: key)
    #expect(read.subject == #"CN=sealpost,O=Acmé\, Inc."#)
    let left = read.expiresAt - .now()
    #expect(left > .seconds(47 * 3600) && left <= .seconds(48 * 3600))
    #expect(read.chain == chain)
    #expect(text(of: read.privateKey).hasPrefix("-----BEGIN PRIVATE KEY-----"))
    #expect(!"\(read)\(String(reflecting: read))".contains("PRIVATE"))
    var dumped = ""
    dump(read, to: &dumped)
    #expect(!dumped.contains("PRIVATE"))
  }

  @Test func keepsNothingOfAKeyThatStandsBesideTheCertificate() throws {
    let read = try ClientCertificate(parsingChain: key + chain, key: chain + key)
    #expect(read.chain == chain)
    let key = text(of: read.privateKey)
    #expect(key.contains("PRIVATE KEY") && !key.contains("CERTIFICATE"))
  }

  @Test func keepsTheWholeChain() throws {
    try certificates.make("authority", subject: "/CN=authority")
    let authority = try certificates.text("authority.pem")
    let read = try ClientCertificate(parsingChain: chain + "\n" + authority, key: key)
    #expect(read.chain == chain + authority)
    #expect(fault(authority + chain, key) == .mismatch, "the client's own comes first")
    #expect(fault(String(repeating: chain, count: 11), key) == .tooManyCertificates)
  }

  @Test func saysWhatIsWrong() throws {
    try certificates.make("other", subject: "/CN=other")
    try certificates.make("weak", subject: "/CN=weak", key: "rsa:1024")
    try certificates.run("ec -aes256 -passout pass:x -in client.key -out locked.key")
    let broken = chain.replacing("\n", with: "\n?", maxReplacements: 2)
    #expect(fault("", key) == .badCertificate)
    #expect(fault(key, key) == .badCertificate)
    #expect(fault(broken, key) == .badCertificate)
    #expect(fault(chain + broken, key) == .badCertificate)
    #expect(fault(chain, "") == .badKey)
    #expect(fault(chain, chain) == .badKey)
    #expect(try fault(chain, certificates.text("other.key")) == .mismatch)
    #expect(try fault(chain, certificates.text("locked.key")) == .encryptedKey)
    #expect(
      try fault(certificates.text("weak.pem"), certificates.text("weak.key")) == .weakKey)
    #expect(fault(chain + String(repeating: "x", count: 32 << 10), key) == .tooLong)
    let expiry = try ClientCertificate(parsingChain: chain, key: key).expiresAt
    #expect(fault(chain, key, now: expiry) == .expired(expiry))
    guard case .notYetValid = fault(chain, key, now: expiry + .seconds(-5 * 86400)) else {
      Issue.record("a certificate of the future")
      return
    }
  }
}
