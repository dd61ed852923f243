import Foundation
import SealpostCore
import Testing

@testable import SealpostSigning

/// The vectors of `Corpora/signatures.jsonl`: other people's signatures, made and judged by us.
@Suite struct SignatureCorpusTests {
  struct Vector: Decodable {
    var n: Int?
    var scheme: String
    var `public`: String?
    var seed_hex: String?
    var public_hex: String?
    var message_hex: String?
    var signature_hex: String?
    var op: String
    var secret: String?
    var token: String?
    var id: String?
    var timestamp: Timestamp?
    var payload: String?
    var payload_b64: String?
    var payload_gen: String?
    var signature: String?
    var header: String?
    var now: Int64?
    var valid: Bool?
    var key_hex: String?
    var data_hex: String?
    var full_mac_hex: String?
    var note: String?

    /// A number, or text where the vector is about text.
    enum Timestamp: Decodable {
      case seconds(Int64)
      case text(String)

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let seconds = try? container.decode(Int64.self) {
          self = .seconds(seconds)
        } else {
          self = .text(try container.decode(String.self))
        }
      }

      var text: String {
        switch self {
        case .seconds(let seconds): String(seconds)
        case .text(let text): text
        }
      }
    }

    var body: [UInt8] {
      get throws {
        if let payload { return Array(payload.utf8) }
        if let payload_b64 { return Array(try #require(Data(base64Encoded: payload_b64))) }
        #expect(payload_gen == "'x' * 1048576")
        return Array(repeating: UInt8(ascii: "x"), count: 1_048_576)
      }
    }
  }

  static func vectors() throws -> [Vector] {
    let url = try #require(
      Bundle.module.url(forResource: "signatures", withExtension: "jsonl", subdirectory: "Corpora"))
    return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(Vector.self, from: Data($0.utf8))
    }
  }

  private func bytes(hex: String) -> [UInt8] {
    stride(from: 0, to: hex.utf8.count, by: 2).compactMap {
      UInt8(hex.dropFirst($0).prefix(2), radix: 16)
    }
  }

  private func sign(_ scheme: SignatureScheme, _ token: String, _ vector: Vector) throws -> String {
    let signer = try WebhookSigner(scheme: scheme, tokens: [WebhookToken(token)])
    var seconds: Int64 = 0
    if case .seconds(let read) = vector.timestamp { seconds = read }
    let value = try [UInt8](unsafeUninitializedCapacity: WebhookSigner.maximumSignatureBytes) {
      output, count in
      count = try vector.body.withUnsafeBytes { body in
        Array((vector.id ?? "").utf8).withUnsafeBytes {
          signer.sign(
            body: body, id: $0, timestamp: seconds, into: UnsafeMutableRawBufferPointer(output))
        }
      }
    }
    return String(decoding: value, as: UTF8.self)
  }

  @Test func everyVectorHolds() throws {
    var judged: [String: Int] = [:]
    for vector in try Self.vectors() {
      let comment = Comment(rawValue: "\(vector.n ?? 0) \(vector.note ?? "")")
      switch (vector.scheme, vector.op) {
      case ("standard-webhooks-v1", "sign"):
        let secret = try #require(vector.secret)
        #expect(try sign(.standard, secret, vector) == vector.signature, comment)
      case ("standard-webhooks-v1", "verify"):
        let holds =
          (try? SignatureCheck.verify(
            scheme: .standard, tokens: [WebhookToken(try #require(vector.secret))],
            header: try #require(vector.header), id: try #require(vector.id),
            timestamp: try #require(vector.timestamp).text, body: try vector.body,
            now: Timestamp(seconds: try #require(vector.now)))) != nil
        #expect(holds == vector.valid, comment)
      case ("cryptlex", "sign"):
        let token = try #require(vector.token)
        if token.isEmpty {
          #expect(throws: SigningError.emptyToken) { try sign(.hmacSHA256, token, vector) }
        } else {
          #expect(try sign(.hmacSHA256, token, vector) == vector.signature, comment)
        }
      case ("hmac-sha256", "mac"):
        // RFC 4231 keys are bytes, tokens are text: the text of these keys only where it is UTF-8.
        let key = bytes(hex: try #require(vector.key_hex))
        guard let token = String(validating: key, as: UTF8.self) else { break }
        var plain = vector
        plain.payload_b64 = Data(bytes(hex: try #require(vector.data_hex))).base64EncodedString()
        let mac = Data(bytes(hex: try #require(vector.full_mac_hex))).base64EncodedString()
        #expect(try sign(.hmacSHA256, token, plain) == mac, comment)
      case ("secret-format", "parse-secret"):
        let secret = try #require(vector.secret)
        let token = WebhookToken(secret)
        let isOne =
          secret.hasPrefix("whsk_")
          ? (try? SigningKeyPair(parsing: token)) != nil
          : (try? SigningSecret(parsing: token)) != nil
        #expect(isOne == vector.valid, comment)
      case ("standard-webhooks-v1a", "public-from-secret"):
        let pair = try SigningKeyPair(parsing: WebhookToken(try #require(vector.secret)))
        #expect(pair.publicKey.text == vector.public, comment)
      case ("standard-webhooks-v1a", "sign"):
        let signature = try #require(vector.signature)
        #expect(
          try sign(.standardEd25519, try #require(vector.secret), vector) == signature, comment)
        try verify(signature, with: try #require(vector.public), vector)
      case ("ed25519", "sign"):
        let seed = bytes(hex: try #require(vector.seed_hex))
        let key = bytes(hex: try #require(vector.public_hex))
        let token = WebhookToken("whsk_" + Data(seed + key).base64EncodedString())
        let pair = try SigningKeyPair(parsing: token)
        #expect(pair.publicKey.bytes == key, comment)
        let signer = try KeyedSignature(pair)
        signer.begin()
        bytes(hex: try #require(vector.message_hex)).withUnsafeBytes { signer.update($0) }
        var signature = [UInt8](repeating: 0, count: KeyedSignature.bytes)
        signature.withUnsafeMutableBytes { signer.end(into: $0) }
        #expect(signature == bytes(hex: try #require(vector.signature_hex)), comment)
      default:
        #expect(vector.scheme == "standard-webhooks" && vector.op == "format-only", comment)
        // No key is given, so it is only read: as one signature of each kind, neither of this key.
        #expect(throws: SignatureCheck.Mismatch.wrongSignature) {
          try verify(
            try #require(vector.signature), with: SigningKeyPair.make().clearText, vector)
        }
      }
      judged[vector.op, default: 0] += 1
    }
    #expect(judged.values.reduce(0, +) == 63)
  }

  /// As a receiver with that key would, at that time.
  private func verify(_ header: String, with key: String, _ vector: Vector) throws {
    guard case .seconds(let seconds) = vector.timestamp else { throw SigningError.badSecret }
    let body = vector.op == "sign" ? try vector.body : []
    try SignatureCheck.verify(
      scheme: .standardEd25519, tokens: [WebhookToken(key)], header: header, id: vector.id ?? "",
      timestamp: "\(seconds)", body: body, now: Timestamp(seconds: seconds))
  }

  @Test(arguments: [SignatureScheme.standard, .standardEd25519])
  func bothTokensSignWhileTheirOverlapLasts(scheme: SignatureScheme) throws {
    let secrets = try (0..<2).map { _ in
      scheme == .standard ? SigningSecret.make() : try SigningKeyPair.make()
    }
    let signer = try WebhookSigner(scheme: scheme, tokens: secrets)
    let body = Array("{}".utf8)
    let id = Array("msg_1".utf8)
    let header = [UInt8](unsafeUninitializedCapacity: WebhookSigner.maximumSignatureBytes) {
      output, count in
      count = body.withUnsafeBytes { body in
        id.withUnsafeBytes {
          signer.sign(
            body: body, id: $0, timestamp: 1_700_000_000,
            into: UnsafeMutableRawBufferPointer(output))
        }
      }
    }
    #expect(header.split(separator: UInt8(ascii: " ")).count == 2)
    for secret in secrets {
      try SignatureCheck.verify(
        scheme: scheme, tokens: [secret],
        header: String(decoding: header, as: UTF8.self), id: "msg_1", timestamp: "1700000000",
        body: body, now: Timestamp(seconds: 1_700_000_000))
    }
  }
}
